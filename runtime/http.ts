import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Failure, reasonOf } from './failure.js'
import { hasCode } from './files.js'

/** Only this machine reaches it. */
export const loopback = '127.0.0.1'

/** For every answer: pages load and ask for nothing from elsewhere, and no other site reads or frames them. */
export const pageHeaders = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' blob: data:; connect-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const

/** The answer to a request. */
export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export function jsonReply(status: number, value: unknown): Reply {
  return { status, type: 'application/json', body: JSON.stringify(value) }
}

/** Sends an answer, unless one was begun. */
export function send(response: ServerResponse, { status, type, body, headers = {} }: Reply): void {
  if (response.headersSent) return
  const length = String(Buffer.byteLength(body))
  response.writeHead(status, { ...pageHeaders, 'Content-Type': type, 'Content-Length': length, ...headers }).end(body)
}

/** Compares in a time that does not depend on where the two differ. */
export function sameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The values of a Host header that name this machine: a site whose name leads here (DNS rebinding) sends its own. */
export function loopbackHosts(port: number): readonly string[] {
  const names = [loopback, 'localhost', '[::1]']
  return [...names.map((name) => `${name}:${port}`), ...(port === 80 ? names : [])]
}

/**
 * Listens, and returns the port.
 *
 * @param port 0 for any that is free
 * @throws Failure `port-in-use`, `address-unusable`
 */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((settle, fail) => {
    server.once('error', (error) => fail(listenFailure(error, port, host)))
    server.listen(port, host, () => {
      const bound = server.address()
      if (bound === null || typeof bound !== 'object') fail(new Error('a server has a port'))
      else settle(bound.port)
    })
  })
}

function listenFailure(error: Error, port: number, host: string): Error {
  if (hasCode(error, 'EADDRINUSE', 'EACCES'))
    return new Failure(
      {
        code: 'port-in-use',
        message: `port ${port} cannot be used: ${reasonOf(error)}`,
        help: 'give another --port, or 0 for any that is free',
        exit: 2,
      },
      { cause: error },
    )
  if (hasCode(error, 'EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'))
    return new Failure(
      {
        code: 'address-unusable',
        message: `${host} is no address of this machine`,
        help: `--host ${loopback} for programs on this machine alone, 0.0.0.0 for all of its addresses`,
        exit: 2,
      },
      { cause: error },
    )
  return error
}

/**
 * Returns the body of a request, or `undefined` as soon as it is known to be larger. What follows is read and discarded, so that the sender
 * gets to read the answer; the server's time limit for requests ends that.
 *
 * @param most in bytes
 */
export function readBody(request: IncomingMessage, most: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length']) > most) {
    request.resume()
    return Promise.resolve(undefined)
  }
  return new Promise((settle, fail) => {
    const parts: Buffer[] = []
    let size = 0
    const receive = (part: Buffer) => {
      size += part.length
      if (size <= most) {
        parts.push(part)
        return
      }
      request.off('data', receive)
      request.resume()
      settle(undefined)
    }
    request.on('data', receive)
    request.once('end', () => settle(Buffer.concat(parts)))
    request.once('error', fail)
    request.once('close', () => fail(new Error('the connection ended before the body did')))
  })
}
