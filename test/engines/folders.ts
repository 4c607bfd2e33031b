import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** Creates a folder for a test, with a space in its path, which is removed when the test ends. */
export function freshFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'wsban test '))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Sets environment variables until the test ends; undefined unsets one. For serial tests only, since the environment belongs to the process. */
export function withEnvironment(t: ExecutionContext, values: Readonly<Record<string, string | undefined>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name]
    t.teardown(() => setVariable(name, before))
    setVariable(name, value)
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
