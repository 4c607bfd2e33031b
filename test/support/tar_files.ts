import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** The formats that the system's tar writes. */
export const tarFormats = /GNU/.test(execFileSync('tar', ['--version'], { encoding: 'utf8' }))
  ? (['ustar', 'pax', 'gnu'] as const)
  : (['ustar', 'pax'] as const)

/** Writes an archive of these files, in this order, with the system's tar. */
export function writeTar(
  path: string,
  files: Readonly<Record<string, string | Uint8Array>>,
  format: (typeof tarFormats)[number] = 'ustar',
): void {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-tar-'))
  try {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), content)
    }
    mkdirSync(dirname(path), { recursive: true })
    execFileSync('tar', [`--format=${format}`, '-cf', path, '-C', folder, ...Object.keys(files)])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
