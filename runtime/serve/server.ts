import { setMaxListeners } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { Failure, reasonOf } from '../failure.js'
import { jsonReply, listen, loopbackHosts, type Reply, sameText, send } from '../http.js'
import type { Reporter } from '../reporter.js'
import { Batcher } from './batcher.js'
import { mostFiles } from './form_files.js'
import { Metrics } from './metrics.js'
import { clientClosed, Refusal } from './refusal.js'
import { type Answering, matchedRoute, type Route, Routes } from './routes.js'
import type { ServedModel } from './served_model.js'

export interface ServeOptions {
  readonly host: string
  /** 0 selects a free port. */
  readonly port: number
  /** The maximum number of rows of a batch. */
  readonly batch: number
  /** How long the first image of a batch waits for others, in milliseconds. */
  readonly wait: number
  /** The maximum size of a request body in bytes. */
  readonly maxBytes: number
  /** The maximum number of pixels of an image. */
  readonly maxPixels: number
  /** The maximum number of requests in progress. */
  readonly queue: number
  /** The time limit in milliseconds for receiving and answering a request, and for draining on shutdown. */
  readonly timeout: number
  /** The bearer token. Requests without it get only the page and the health checks. */
  readonly token?: string | undefined
}

/** A line of the log. */
export interface AnsweredRequest {
  readonly method: string
  /** The path of the request, as sent, cut to 200 characters. */
  readonly path: string
  readonly status: number
  readonly milliseconds: number
  /** The reason for a refusal. */
  readonly error?: string
}

/** The time limit for the headers of a request, in milliseconds. */
const headersTimeout = 10_000

/** How long an idle connection is kept, in milliseconds: longer than proxies keep theirs. */
const keepAlive = 65_000

const mostConnections = 1024

/** How long connections may take to close after the last response, in milliseconds. */
const lastMoment = 1000

/** Serves a model over HTTP. */
export class ModelServer {
  private readonly server: Server
  private readonly routes: Routes
  private readonly metrics: Metrics
  /** The unanswered requests of each connection: a client may send several at once (pipelining). */
  private readonly pending = new Map<Socket, Map<IncomingMessage, AbortController>>()
  private readonly broken = new WeakSet<Socket>()
  /** Connections whose request was answered before its body had arrived. */
  private readonly answeredEarly = new WeakSet<Socket>()
  private inFlight = 0
  private stopping = false
  private emptied: (() => void) | undefined
  private port = 0

  private constructor(
    served: ServedModel,
    private readonly options: ServeOptions,
    page: { readonly html: string; readonly script: string },
    private readonly reporter: Reporter,
    private readonly log: (request: AnsweredRequest) => void,
  ) {
    const { batch, wait, maxPixels, timeout } = options
    const batcher = new Batcher(
      (tensor) => served.run(tensor),
      { batch, wait, elements: 3 * maxPixels },
      (rows) => this.metrics.batch(rows),
    )
    this.metrics = new Metrics(
      batch,
      () => this.inFlight,
      () => batcher.length,
    )
    this.routes = new Routes(served, batcher, this.metrics, page, options, () => !this.stopping)
    this.server = createServer({
      headersTimeout: Math.min(headersTimeout, timeout),
      requestTimeout: timeout,
      connectionsCheckingInterval: Math.min(1000, timeout),
      keepAliveTimeout: keepAlive,
    })
    this.server.maxConnections = mostConnections
    const receive = (request: IncomingMessage, response: ServerResponse) => this.receive(request, response)
    this.server.on('request', receive)
    // A client that asks first (Expect: 100-continue) need not send a body that would be refused.
    this.server.on('checkContinue', receive)
    this.server.on('checkExpectation', receive)
    this.server.on('clientError', (error, socket) => this.refuse(error, socket as Socket))
  }

  /** @throws Failure `port-in-use`, `address-unusable` */
  static async open(
    served: ServedModel,
    options: ServeOptions,
    page: { readonly html: string; readonly script: string },
    reporter: Reporter,
    log: (request: AnsweredRequest) => void,
  ): Promise<ModelServer> {
    const server = new ModelServer(served, options, page, reporter, log)
    server.port = await listen(server.server, options.port, options.host)
    return server
  }

  /** Whether only programs on this machine reach it. */
  get isLoopback(): boolean {
    return loopbackHosts(this.port).includes(new URL(this.address).host)
  }

  get address(): string {
    const { host } = this.options
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  /**
   * Lets answers in flight be finished, within the time limit, and answers 503 to what comes meanwhile. The model stays open: it is the
   * caller's.
   */
  async stop(): Promise<void> {
    this.stopping = true
    if (this.inFlight > 0)
      await Promise.race([
        new Promise<void>((settle) => {
          this.emptied = settle
        }),
        after(this.options.timeout),
      ])
    const closed = new Promise<void>((settle) => {
      this.server.close(() => settle())
    })
    await Promise.race([closed, after(lastMoment)])
    this.server.closeAllConnections()
    await closed
    this.metrics.close()
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const started = performance.now()
    const { socket } = request
    const abort = new AbortController()
    const pending = this.pending.get(socket) ?? new Map<IncomingMessage, AbortController>()
    this.pending.set(socket, pending.set(request, abort))
    // All images of a form wait by it.
    setMaxListeners(2 * mostFiles, abort.signal)
    let route: Route | undefined
    let error: string | undefined
    let counted = false
    response.once('close', () => {
      pending.delete(request)
      if (pending.size === 0) {
        this.pending.delete(socket)
        if (this.broken.has(socket)) socket.destroySoon()
      }
      const gone = !response.writableFinished
      if (gone) abort.abort(new Refusal(clientClosed, 'the client closed the connection'))
      if (counted && --this.inFlight === 0) this.emptied?.()
      const { method = '', url = '' } = request
      const status = gone ? clientClosed : response.statusCode
      const milliseconds = performance.now() - started
      this.metrics.answered(route?.label ?? 'other', route ? method : 'other', status, milliseconds)
      this.log({ method, path: url.slice(0, 200), status, milliseconds, ...(error !== undefined && { error }) })
    })
    const answer = async (): Promise<Reply> => {
      this.checkHost(request)
      route = matchedRoute(request)
      this.checkToken(request, route)
      if (route.label === 'infer' || route.label === 'predict') {
        checkOrigin(request)
        this.admit()
        counted = true
        this.inFlight++
      }
      const { routes } = this
      const matched = route
      return this.within(request, abort, (signal) => routes.answer(matched, { request, response, signal }))
    }
    answer()
      .catch((thrown: unknown) => {
        const refusal = refusalOf(thrown)
        error = refusal.message
        if (refusal.status >= 500 && !(thrown instanceof Refusal)) this.reporter.warn(reasonOf(thrown))
        return { ...jsonReply(refusal.status, { error: refusal.message }), headers: refusal.headers }
      })
      .then((reply) => {
        if (!request.complete) {
          this.answeredEarly.add(socket)
          request.once('end', () => this.answeredEarly.delete(socket))
          request.resume()
        }
        const last = this.stopping || reply.status === tooSlow ? { Connection: 'close' } : {}
        send(response, { ...reply, headers: { ...reply.headers, ...last } })
      })
      .catch((thrown: unknown) => {
        this.reporter.warn(reasonOf(thrown))
        response.destroy()
      })
  }

  private async within(request: IncomingMessage, abort: AbortController, work: Answering): Promise<Reply> {
    const { signal } = abort
    const seconds = this.options.timeout / 1000
    const timer = setTimeout(() => {
      const late = request.complete
        ? new Refusal(504, `no answer within ${seconds} s`)
        : new Refusal(tooSlow, `the request did not come within ${seconds} s`)
      abort.abort(late)
    }, this.options.timeout)
    try {
      return await Promise.race([work(signal), rejectedBy(signal)])
    } finally {
      clearTimeout(timer)
    }
  }

  /** A site whose name leads to this machine (DNS rebinding) has its own name here. */
  private checkHost({ headers: { host = '' } }: IncomingMessage): void {
    const hosts = loopbackHosts(this.port)
    if (this.isLoopback && !hosts.includes(host.toLowerCase()))
      throw new Refusal(403, `this is ${hosts[0]}, and the Host header names another`)
  }

  private checkToken({ headers: { authorization = '' } }: IncomingMessage, { isPublic }: Route): void {
    const { token } = this.options
    if (token === undefined || isPublic || sameText(authorization, `Bearer ${token}`)) return
    throw new Refusal(401, 'this needs the token of the server: Authorization: Bearer TOKEN', {
      'WWW-Authenticate': 'Bearer',
    })
  }

  private admit(): void {
    const { queue } = this.options
    if (this.stopping) throw new Refusal(503, 'the server is stopping', { 'Retry-After': '5' })
    if (this.inFlight >= queue)
      throw new Refusal(503, `${queue} requests are being answered already`, { 'Retry-After': '1' })
  }

  /** Answers what is no HTTP, or comes too slowly: behind the answers to complete requests of the same connection, which would be damaged. */
  private refuse(error: Error & { readonly code?: string }, socket: Socket): void {
    const [status, reason, message] = clientErrors[error.code ?? ''] ?? malformed
    const pending = this.pending.get(socket)
    const incomplete = [...(pending ?? [])].find(([request]) => !request.complete)
    if (error.code === 'HPE_INVALID_EOF_STATE' && incomplete) {
      socket.destroy()
      return
    }
    if (pending) {
      this.broken.add(socket)
      incomplete?.[1].abort(new Refusal(status, message))
      return
    }
    if (!socket.writable || error.code === 'ECONNRESET' || this.answeredEarly.has(socket)) {
      socket.destroy()
      return
    }
    const body = JSON.stringify({ error: message })
    const head = [
      `HTTP/1.1 ${status} ${reason}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
    this.metrics.answered('other', 'other', status, 0)
    this.log({ method: '-', path: '-', status, milliseconds: 0, error: message })
  }
}

/** The status for requests that do not come in time. */
const tooSlow = 408

const malformed = [400, 'Bad Request', 'this is no HTTP request'] as const
const clientErrors: Readonly<Record<string, readonly [number, string, string] | undefined>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [tooSlow, 'Request Timeout', 'the request came too slowly'],
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large', 'the headers are too long'],
}

/** A page of another site may have its visitor's browser send forms here: such requests name their origin. */
function checkOrigin({ headers }: IncomingMessage): void {
  const site = headers['sec-fetch-site']
  const { origin, host } = headers
  const isOther =
    site === undefined
      ? origin !== undefined && hostOf(origin) !== host
      : !['same-origin', 'none'].includes(String(site))
  if (isOther) throw new Refusal(403, 'pages of other sites may not send requests here')
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

/** Returns the answer to what was thrown. The server's own errors are for its log: their messages name files. */
function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refusal) return thrown
  if (thrown instanceof Failure && thrown.problem.code === 'onnx-needs-tensor')
    return new Refusal(422, `${thrown.problem.message}: send them to /v2/models/NAME/infer`)
  return new Refusal(500, 'the server failed; its log says why')
}

function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_, fail) => {
    signal.addEventListener('abort', () => fail(signal.reason), { once: true })
  })
}

function after(milliseconds: number): Promise<void> {
  return new Promise((settle) => {
    setTimeout(settle, milliseconds).unref()
  })
}
