/**
 * A Python with PyTorch for the tests that run generated code: WSBAN_PYTHON where that is set, otherwise a virtual environment in the
 * cache, made once from test/pytorch/requirements.txt. pip has no name for a build of torch without CUDA on Linux: it takes some 5 GB there.
 * Run by itself it only sets that up.
 */
import { createHash } from 'node:crypto'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheRoot } from './cache.mjs'
import { root } from './prepare.mjs'
import { run } from './run.mjs'
import { textOf } from './state.mjs'

const windows = process.platform === 'win32'

/** Its path; undefined, with the reason printed, where it cannot be had. */
export async function pytorchPython() {
  if (process.env.WSBAN_PYTHON) return process.env.WSBAN_PYTHON
  const requirements = join(root, 'test', 'pytorch', 'requirements.txt')
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex')
  const home = join(cacheRoot(), 'test-pytorch')
  const python = windows ? join(home, 'Scripts', 'python.exe') : join(home, 'bin', 'python')
  const stamp = join(home, 'requirements.sha256')
  if ((await textOf(stamp)) === wanted) return python
  console.log(`Setting up a Python with PyTorch in ${home} (once, some 5 GB)...`)
  await rm(home, { recursive: true, force: true })
  const steps = [
    [windows ? 'python' : 'python3', '-m', 'venv', home],
    [python, '-m', 'pip', 'install', '--quiet', '--no-compile', '-r', requirements],
  ]
  for (const [program, ...args] of steps) {
    const status = await run(program, args, { cwd: root }).catch((error) => error.message)
    if (status === 0) continue
    console.error(
      `No PyTorch: ${[program, ...args].join(' ')} ended with ${status}. WSBAN_PYTHON names a Python that has it.`,
    )
    return undefined
  }
  await writeFile(stamp, wanted)
  return python
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit((await pytorchPython()) === undefined ? 1 : 0)
