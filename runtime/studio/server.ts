import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Failure, reasonOf } from '../failure.js'
import {
  jsonReply,
  listen,
  loopback,
  loopbackHosts,
  pageHeaders,
  type Reply,
  readBody,
  sameText,
  send,
} from '../http.js'
import { packageRoot } from '../package_root.js'
import { style } from '../report/style.js'
import type { Reporter } from '../reporter.js'
import type { Studio } from './studio.js'
import type { WatchedRun } from './watched_run.js'

/** Bytes of a photo. */
const mostBytes = 64 * 2 ** 20

/** The interval of the comments that keep a silent connection open, in milliseconds. */
const heartbeat = 15_000

/**
 * Serves a studio on the loopback interface. Every path begins with a secret token, so that neither another user of the machine nor a page of another
 * site in the same browser can send requests.
 */
export class StudioServer {
  private readonly token = randomBytes(24).toString('base64url')
  private readonly server: Server
  private readonly connections = new Set<ServerResponse>()
  private port = 0

  private constructor(
    private readonly studio: Studio,
    reporter: Reporter,
    private readonly files: { readonly page: string; readonly script: string },
  ) {
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => {
        if (!(error instanceof Failure)) reporter.warn(reasonOf(error))
        send(response, jsonReply(error instanceof Failure ? 422 : 500, { error: reasonOf(error) }))
      })
    })
  }

  /** @param port 0 selects a free port @throws Failure `port-in-use` */
  static async open(studio: Studio, port: number, reporter: Reporter): Promise<StudioServer> {
    const made = join(packageRoot(), 'dist', 'studio')
    const [page, script] = await Promise.all(
      ['index.html', 'studio.js'].map((name) => readFile(join(made, name), 'utf8')),
    )
    if (page === undefined || script === undefined) throw new Error(`no page in ${made}`)
    const server = new StudioServer(studio, reporter, { page: page.replace('{{style}}', () => style), script })
    server.port = await listen(server.server, port, loopback)
    return server
  }

  get address(): string {
    return `http://${loopback}:${this.port}/${this.token}/`
  }

  async close(): Promise<void> {
    for (const connection of this.connections) connection.end()
    const closed = new Promise<void>((settle) => {
      this.server.close(() => settle())
    })
    this.server.closeAllConnections()
    await closed
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Prevents DNS rebinding: a site whose name resolves to this machine sends its own name as Host.
    const { host = '' } = request.headers
    if (!loopbackHosts(this.port).includes(host))
      return send(response, jsonReply(403, { error: `this is ${loopback}:${this.port}, not ${host}` }))
    const { pathname, searchParams } = new URL(request.url ?? '/', `http://${loopback}`)
    const [, token = '', ...rest] = pathname.split('/')
    if (!sameText(token, this.token))
      return send(response, jsonReply(403, { error: 'open the whole address that wsban studio printed' }))
    const place = rest.join('/')
    if (request.method === 'POST') return send(response, await this.change(request, rest))
    if (request.method !== 'GET') return send(response, jsonReply(405, { error: 'GET or POST' }))
    if (rest.length === 0) {
      response.writeHead(308, { ...pageHeaders, Location: `/${this.token}/` }).end()
      return
    }
    if (place === 'events') return this.events(response, Number(searchParams.get('run') ?? 0))
    send(response, (await this.read(place, rest)) ?? jsonReply(404, { error: 'there is nothing here' }))
  }

  private async read(place: string, [kind, id, what, which]: readonly string[]): Promise<Reply | undefined> {
    if (place === '') return { status: 200, type: 'text/html; charset=utf-8', body: this.files.page }
    if (place === 'studio.js') return { status: 200, type: 'text/javascript; charset=utf-8', body: this.files.script }
    const run = kind === 'runs' ? this.runOf(id) : undefined
    if (!run || which === undefined) return undefined
    if (what === 'images') {
      const jpeg = await run.thumbnail(Number(which))
      return jpeg && { status: 200, type: 'image/jpeg', body: jpeg }
    }
    const answers = what === 'epochs' ? run.answersAt(Number(which)) : undefined
    return answers && jsonReply(200, answers)
  }

  private async change(request: IncomingMessage, [kind, id, action]: readonly string[]): Promise<Reply> {
    const run = kind === 'runs' ? this.runOf(id) : undefined
    if (!run) return jsonReply(404, { error: 'there is no such run' })
    if (action === 'photo') {
      const photo = await readBody(request, mostBytes)
      if (!photo) return jsonReply(413, { error: `a photo may have ${mostBytes / 2 ** 20} MiB` })
      return jsonReply(200, await this.studio.predict(run, photo))
    }
    if (action === 'stop') run.stop()
    else if (action === 'resume') this.studio.resume(run.id)
    else return jsonReply(404, { error: 'there is nothing here' })
    return jsonReply(200, {})
  }

  private runOf(id: string | undefined): WatchedRun | undefined {
    return id !== undefined && /^\d{1,6}$/.test(id) ? this.studio.run(Number(id)) : undefined
  }

  /** Server-sent events: the state now, and whenever it changes. */
  private events(response: ServerResponse, run: number): void {
    response.writeHead(200, { ...pageHeaders, 'Content-Type': 'text/event-stream' })
    this.connections.add(response)
    const end = this.studio.watch({
      run,
      receive: (state) => response.write(`data: ${JSON.stringify(state)}\n\n`),
    })
    const beat = setInterval(() => response.write(':\n\n'), heartbeat)
    response.once('close', () => {
      clearInterval(beat)
      this.connections.delete(response)
      end()
    })
  }
}
