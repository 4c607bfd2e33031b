import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { freshFolder } from './folders.js'

/** The probe output of a Python with PyTorch, with some of it changed. */
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

/** Writes a shell script named `python` into a new folder. Returns its path. */
export function fakePython(t: ExecutionContext, script: string): string {
  const file = join(freshFolder(t), 'python')
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}

/** Writes a program that prints a text and exits with 0. Returns its path. */
export function pythonThatSays(t: ExecutionContext, text: string): string {
  return fakePython(t, `cat <<'END'\n${text}\nEND`)
}
