import { addonHash } from './addon.js'
import type { NativeName } from './engine.js'

/** The TensorFlow.js version. The core, the backends and the native package must have the same one. */
export const tfjsVersion = '4.22.0'

/** The versions of the header packages that the addon is compiled with. */
export const nodeApiHeadersVersion = '1.9.0'
export const nodeAddonApiVersion = '8.9.2'

/** The version of TensorFlow's C library that the native packages use. */
export const tensorflowVersion = '2.16.2'

/** The wheel of the Python package index that contains TensorFlow's libraries. Python executes none of its code. */
export interface Wheel {
  readonly requirement: string
  /** The hash of the whole file. */
  readonly sha256: string
  readonly bytes: number
  /** The platform tags, as pip names them. */
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

/** Returns the wheel for a platform; undefined if the engine is not supported there. */
export function wheelFor(
  name: NativeName,
  platform: string = process.platform,
  arch: string = process.arch,
): Wheel | undefined {
  return wheels[`${name} ${platform} ${arch}`]
}

/** The name of a provisioned engine's folder, which differs for every version, addon and platform. */
export function engineFolderName(name: NativeName): string {
  return `${name}-${tfjsVersion}-tensorflow-${tensorflowVersion}-addon-${addonHash()}-${process.platform}-${process.arch}`
}
