import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'

/** A folder of this test's own, with a space in its path as people's folders have, gone when the test ends. */
export function freshFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'wsban test '))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Sets environment variables until the test ends; undefined takes one away. Only in serial tests: a process has one environment. */
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
