import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { freshFolder } from './folders.js'

/** What a Python says of its packages when it is asked, with some of it changed. */
export function pythonAnswer(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    python: '3.12.1',
    packages: {
      torch: { version: '2.9.1+cpu' },
      torchvision: { version: '0.24.1' },
      safetensors: { version: '0.6.2' },
    },
    devices: [{ label: 'cpu' }],
    ...changes,
  })
}

/** A program that does what a shell script says, in a folder of its own. */
export function fakePython(t: ExecutionContext, script: string): string {
  const file = join(freshFolder(t), 'python')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

/** A program that prints this and ends well. */
export function pythonThatSays(t: ExecutionContext, text: string): string {
  return fakePython(t, `cat <<'END'\n${text}\nEND`)
}
