import manifest from '../package.json' with { type: 'json' }

/** wsban's own version. The build keeps nothing else of the manifest (cli/bootstrap/embedded.mjs). */
export function packageVersion(): string {
  return manifest.version
}
