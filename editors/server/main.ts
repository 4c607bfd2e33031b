import { createConnection, ProposedFeatures } from 'vscode-languageserver/node.js'
import { serve } from './server.js'

/** Runs the language server on standard input and output. The process exits on the editor's request or when it is gone. */
export function serveStandardStreams(): Promise<never> {
  serve(createConnection(ProposedFeatures.all, process.stdin, process.stdout))
  return new Promise(() => {})
}
