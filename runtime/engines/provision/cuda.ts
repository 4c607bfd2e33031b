import { existsSync } from 'node:fs'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { openPromise } from 'yauzl'
import { Failure } from '../../failure.js'
import type { Reporter } from '../../reporter.js'
import { requirePip } from './pip.js'
import { reportingProgress, sizeOfFolder } from './progress.js'
import { run } from './run.js'
import { unpackWheel } from './unpack.js'

/** Whether an NVIDIA driver is installed. The CUDA libraries, several gigabytes, are useless without one. */
export function hasNvidiaDriver(): boolean {
  const libraries = [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
    '/usr/lib/wsl/lib',
    '/usr/local/nvidia/lib64',
  ]
  return (
    ['/dev/nvidia0', '/dev/nvidiactl', '/dev/dxg'].some(existsSync) ||
    libraries.some((folder) => existsSync(join(folder, 'libcuda.so.1')))
  )
}

/** Returns the CUDA packages that TensorFlow's wheel pins in its metadata. */
async function cudaRequirements(wheel: string): Promise<readonly string[]> {
  const zip = await openPromise(wheel)
  try {
    for await (const entry of zip.eachEntry()) {
      if (!/^[^/]+\.dist-info\/METADATA$/.test(entry.fileName)) continue
      const metadata = await text(await zip.openReadStreamPromise(entry))
      return (
        [...metadata.matchAll(/^Requires-Dist: (nvidia-[\w-]+) ?\(?(==[\w.]+)\)? ?; extra == ['"]and-cuda['"]/gm)]
          .map(([, name, version]) => `${name}${version}`)
          // The compiler package contains no library that TensorFlow loads.
          .filter((requirement) => !requirement.startsWith('nvidia-cuda-nvcc'))
      )
    }
    return []
  } finally {
    zip.close()
  }
}

/**
 * Downloads the CUDA libraries and unpacks them where TensorFlow searches for them: in `nvidia/<package>/lib` beside the folder of libtensorflow.
 *
 * @throws Failure `cuda-download-failed`
 */
export async function addCudaLibraries(
  wheel: string,
  downloads: string,
  dependencies: string,
  reporter: Reporter,
): Promise<void> {
  const requirements = await cudaRequirements(wheel)
  const pip = await requirePip()
  for (const requirement of requirements) {
    const folder = join(downloads, requirement.replace('==', '-'))
    const temporary = join(folder, 'temporary')
    await mkdir(folder, { recursive: true })
    if (!(await readdir(folder)).some((name) => name.endsWith('.whl'))) {
      await rm(temporary, { recursive: true, force: true })
      await mkdir(temporary)
      const args = [
        'download',
        '--no-deps',
        '--only-binary=:all:',
        '--no-cache-dir',
        '--disable-pip-version-check',
        '--progress-bar',
        'off',
      ]
      const platforms = ['manylinux1_x86_64', 'manylinux2014_x86_64', 'manylinux_2_17_x86_64'].flatMap((name) => [
        '--platform',
        name,
      ])
      const result = await reportingProgress(
        reporter,
        `fetching ${requirement}`,
        undefined,
        () => sizeOfFolder(temporary),
        () =>
          run(
            pip.program,
            [...pip.prefix, ...args, '--python-version', '3.12', ...platforms, '--dest', folder, requirement],
            {
              environment: { ...process.env, TMPDIR: temporary },
              timeoutSeconds: 7200,
            },
          ),
      )
      await rm(temporary, { recursive: true, force: true })
      if (result.status !== 0) {
        throw new Failure({
          code: 'cuda-download-failed',
          message: `${pip.version} could not fetch ${requirement}: ${result.summary}`,
          help: 'run the command again: it continues where it stopped',
        })
      }
    }
    const file = (await readdir(folder)).find((name) => name.endsWith('.whl'))
    if (file === undefined)
      throw new Failure({ code: 'cuda-download-failed', message: `${pip.version} fetched nothing for ${requirement}` })
    reporter.progress(`unpacking ${file}`)
    const inLibraries = (member: string) => (/^nvidia\/[\w-]+\/lib\/[^/]+\.so[.\d]*$/.test(member) ? member : undefined)
    await unpackWheel(join(folder, file), dependencies, inLibraries)
  }
}
