import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../failure.js'
import type { NativeName } from '../engine.js'
import { nodeAddonApiVersion, nodeApiHeadersVersion, tfjsVersion } from '../versions.js'
import { run } from './run.js'

/**
 * Installs a native package without its install script, which downloads from a server that many networks block. Its dependency on TensorFlow.js is
 * replaced with the core: the loader needs nothing else, and this saves 250 MB.
 */
export async function installPackages(folder: string, name: NativeName): Promise<void> {
  const dependencies = {
    '@tensorflow/tfjs-core': tfjsVersion,
    [`@tensorflow/${name}`]: tfjsVersion,
    'node-api-headers': nodeApiHeadersVersion,
    'node-addon-api': nodeAddonApiVersion,
  }
  const overrides = { '@tensorflow/tfjs': `npm:@tensorflow/tfjs-core@${tfjsVersion}` }
  await npmInstall(folder, { dependencies, overrides }, `@tensorflow/${name}@${tfjsVersion}`)
}

/** The dependencies to install, as in a package.json. */
export interface Dependencies {
  readonly dependencies: Readonly<Record<string, string>>
  readonly overrides?: Readonly<Record<string, string>>
}

/**
 * Installs packages into a folder's node_modules, without running install scripts.
 *
 * @param subject the name of the packages in error messages
 * @throws Failure `npm-missing`, `npm-failed`
 */
export async function npmInstall(folder: string, wanted: Dependencies, subject: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, ...wanted }))
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = await run(
    npm,
    ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'],
    {
      folder,
      timeoutSeconds: 1200,
    },
  )
  if (result.status === 0) return
  throw new Failure({
    code: result.missing ? 'npm-missing' : 'npm-failed',
    message: result.missing ? 'npm is not on the PATH' : `npm could not install ${subject}: ${result.summary}`,
    help: result.missing
      ? 'install Node.js with npm, then run the command again'
      : 'check that npm reaches its registry (npm ping), then run the command again: it continues where it stopped',
  })
}
