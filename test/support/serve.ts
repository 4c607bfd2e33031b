import { connect } from 'node:net'
import { silent } from '../../runtime/reporter.js'
import { servePage } from '../../runtime/serve/page_files.js'
import { ServedModel } from '../../runtime/serve/served_model.js'
import { type AnsweredRequest, ModelServer, type ServeOptions } from '../../runtime/serve/server.js'

/** The time limit of requests in milliseconds, which no machine reaches. */
const longest = 60_000

export const serveDefaults: ServeOptions = {
  host: '127.0.0.1',
  port: 0,
  batch: 8,
  wait: 2,
  maxBytes: 2 ** 22,
  maxPixels: 2 ** 20,
  queue: 64,
  timeout: longest,
}

export interface OpenServer {
  readonly server: ModelServer
  readonly served: ServedModel
  readonly address: string
  readonly port: number
  /** Its log so far. */
  readonly log: readonly AnsweredRequest[]
  close(): Promise<void>
}

/** Serves a file under the name `birds`. */
export async function openServer(model: string, options: Partial<ServeOptions> = {}): Promise<OpenServer> {
  const served = await ServedModel.open(model, 'birds', silent, 1)
  const log: AnsweredRequest[] = []
  const server = await ModelServer.open(
    served,
    { ...serveDefaults, ...options },
    await servePage('birds'),
    silent,
    (line) => log.push(line),
  )
  return {
    server,
    served,
    address: server.address,
    port: Number(new URL(server.address).port),
    log,
    close: async () => {
      await server.stop()
      await served.close()
    },
  }
}

/** Sends bytes to a server as they are, and returns all that comes back until it closes the connection. */
export function sentRaw(port: number, parts: readonly (string | Uint8Array)[]): Promise<string> {
  return new Promise((settle) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => {
      for (const part of parts) socket.write(part)
    })
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
    })
    // A server that closes while data is still arriving resets the connection.
    socket.on('error', () => undefined)
    socket.on('close', () => settle(received))
  })
}

/** The statuses of the answers that came over one connection. */
export function statusesOf(received: string): number[] {
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
    .map(([, status]) => Number(status))
    .filter((status) => status !== 100)
}
