import { safeLine, safeText } from '../compiler/diagnostics/safe_text.js'
import { packageVersion } from '../runtime/package_version.js'

/** Reports a bug in wsban: the error, and what to include in an issue. */
export function reportBug(error: unknown): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(
    safeText(
      [
        `wsban ${packageVersion()} failed in a way it should not (Node ${process.version}, ${process.platform} ${process.arch}).`,
        `Command: wsban ${process.argv.slice(2).map(safeLine).join(' ')}`,
        text,
        'This is a bug in wsban. Please report it with the lines above and the spec it happened with.',
        '',
      ].join('\n'),
    ),
  )
}
