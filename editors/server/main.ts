import { createConnection, ProposedFeatures } from 'vscode-languageserver/node.js'
import { serve } from './server.js'

/** Serves the editor on standard input and output; ends with the process, when the editor says so or is gone. */
export function serveStandardStreams(): Promise<never> {
  serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout))
  return new Promise(() => {})
}
