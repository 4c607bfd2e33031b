import { addonHash } from './addon.js'
import type { NativeName } from './engine.js'

/** The TensorFlow.js release everything here belongs to: the core, the backends and the native package must agree. */
export const tfjsVersion = '4.22.0'

/** Packages that the addon is compiled with. */
export const nodeApiHeadersVersion = '1.9.0'
export const nodeAddonApiVersion = '8.9.2'

/** The TensorFlow whose C library the native packages run on. */
export const tensorflowVersion = '2.16.2'

/** Where TensorFlow's libraries come from: one wheel of the Python package index. Nothing of it is executed by Python. */
export interface Wheel {
  readonly requirement: string
  /** Of the whole file: what is unpacked is what was tested. */
  readonly sha256: string
  readonly bytes: number
  /** pip's names of the platform. */
  readonly platforms: readonly string[]
}

const x64 = ['manylinux2014_x86_64', 'manylinux_2_17_x86_64']
const arm64 = ['manylinux2014_aarch64', 'manylinux_2_17_aarch64']

const wheels: Readonly<Record<string, Wheel>> = {
  'tfjs-node linux x64': {
    requirement: `tensorflow-cpu==${tensorflowVersion}`,
    sha256: '8ec09acc09534017e02318456f77e96947b2ab4d24d2eb580541405c45ea3b70',
    bytes: 214_170_320,
    platforms: x64,
  },
  'tfjs-node linux arm64': {
    requirement: `tensorflow==${tensorflowVersion}`,
    sha256: 'e7df529f8db271d3def80538aa7fcd6f5abe306f7b01cb5b580138df68afb499',
    bytes: 218_991_442,
    platforms: arm64,
  },
  'tfjs-node-gpu linux x64': {
    requirement: `tensorflow==${tensorflowVersion}`,
    sha256: '5badc6744672a3181c012b6ab2815975be34d0573db3b561383634acc0d46a55',
    bytes: 590_776_704,
    platforms: x64,
  },
}

/** The wheel for a machine, if there is one. */
export function wheelFor(
  name: NativeName,
  platform: string = process.platform,
  arch: string = process.arch,
): Wheel | undefined {
  return wheels[`${name} ${platform} ${arch}`]
}

/** The name of the folder a provisioned engine lives in: another version, addon or machine never meets it. */
export function engineFolderName(name: NativeName): string {
  return `${name}-${tfjsVersion}-tensorflow-${tensorflowVersion}-addon-${addonHash()}-${process.platform}-${process.arch}`
}
