import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { cacheRoot } from '../../runtime/cache_root.js'

/** The Python that tests ask; WSBAN_PYTHON names another. */
export const python = process.env.WSBAN_PYTHON ?? 'python3'

/** Returns the reason to skip a test that needs these modules; undefined if they are installed. */
export function lacksModules(...modules: readonly string[]): string | undefined {
  const missing = modules.filter((name) => spawnSync(python, ['-c', `import ${name}`]).status !== 0)
  return missing.length > 0 ? `skipped: ${python} lacks ${missing.join(', ')} (WSBAN_PYTHON names another)` : undefined
}

/** Logs the reason to skip a test, if there is one. */
export function skipped(t: ExecutionContext, lacking: string | undefined): boolean {
  if (lacking === undefined) return false
  t.log(lacking)
  t.pass()
  return true
}

/** Returns the output of a script. @throws with its error output when it fails */
export function runPython(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', input, maxBuffer: 1 << 28 })
  if (status !== 0) throw new Error(`${python} ${args[0]}: ${stderr}`)
  return stdout
}

/** A Python that has PyTorch: the one named by WSBAN_PYTHON, or the one that `npm run test:pytorch` sets up. */
export function pythonWithTorch(): string | undefined {
  const own = join(cacheRoot(), 'test-pytorch', process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  return [python, own].find((program) => spawnSync(program, ['-c', 'import torch']).status === 0)
}
