import type { IncomingMessage, ServerResponse } from 'node:http'
import { jsonReply, type Reply, readBody } from '../http.js'
import { packageVersion } from '../package_version.js'
import type { Batcher } from './batcher.js'
import { filesOfForm, type UploadedFile } from './form_files.js'
import type { Metrics } from './metrics.js'
import { extensions, headerLength, inferenceReply, inferenceRequestOf } from './open_inference.js'
import { Predictions } from './predictions.js'
import { Refusal } from './refusal.js'
import type { ServedModel } from './served_model.js'

type Label = 'page' | 'script' | 'metrics' | 'server' | 'live' | 'ready' | 'model' | 'model_ready' | 'infer' | 'predict'

/** A matched route and its parameters. */
export interface Route {
  /** In metrics. */
  readonly label: Label
  readonly method: 'GET' | 'POST'
  /** Whether it needs no token. */
  readonly isPublic: boolean
  /** The model named in the path. */
  readonly model?: string
  readonly query: URLSearchParams
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly signal: AbortSignal
}

export type Answering = (signal: AbortSignal) => Promise<Reply>

export interface RouteLimits {
  readonly batch: number
  readonly maxBytes: number
  readonly maxPixels: number
}

/** `*` matches the name of a model. */
const patterns: readonly (readonly [
  path: readonly string[],
  label: Label,
  method: Route['method'],
  isPublic?: true,
])[] = [
  [[''], 'page', 'GET', true],
  [['serve.js'], 'script', 'GET', true],
  [['metrics'], 'metrics', 'GET'],
  [['predict'], 'predict', 'POST'],
  [['v2'], 'server', 'GET'],
  [['v2', 'health', 'live'], 'live', 'GET', true],
  [['v2', 'health', 'ready'], 'ready', 'GET', true],
  [['v2', 'models', '*'], 'model', 'GET'],
  [['v2', 'models', '*', 'ready'], 'model_ready', 'GET'],
  [['v2', 'models', '*', 'infer'], 'infer', 'POST'],
]

/** @throws Refusal 400, 404, 405 */
export function matchedRoute({ url = '', method = '' }: IncomingMessage): Route {
  if (!url.startsWith('/')) throw new Refusal(400, 'the address begins with /')
  const [path = '', ...rest] = url.slice(1).split('?')
  const words = path.split('/').map(decodedWord)
  const fitting = patterns.find(
    ([pattern]) => pattern.length === words.length && pattern.every((word, at) => word === '*' || word === words[at]),
  )
  if (!fitting) throw new Refusal(404, 'there is nothing here; GET / is a page, POST /predict takes images')
  const [pattern, label, only, isPublic = false] = fitting
  if (method !== only && !(only === 'GET' && method === 'HEAD'))
    throw new Refusal(405, `this address takes ${only}`, { Allow: only === 'GET' ? 'GET, HEAD' : only })
  const model = words[pattern.indexOf('*')]
  return {
    label,
    method: only,
    isPublic,
    query: new URLSearchParams(rest.join('?')),
    ...(model !== undefined && { model }),
  }
}

function decodedWord(word: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    throw new Refusal(400, 'the address is not percent-encoded UTF-8')
  }
}

/** The number of classes that `/predict` lists, as `wsban predict` does. */
const shownClasses = 3

/** Answers each address. */
export class Routes {
  private readonly predictions: Predictions

  constructor(
    private readonly served: ServedModel,
    private readonly batcher: Batcher,
    private readonly metrics: Metrics,
    private readonly page: { readonly html: string; readonly script: string },
    private readonly limits: RouteLimits,
    private readonly isReady: () => boolean,
  ) {
    this.predictions = new Predictions(served, batcher, limits.maxPixels)
  }

  /** @throws Refusal; Failure where the model fails */
  async answer(route: Route, exchange: Exchange): Promise<Reply> {
    if (route.model !== undefined && route.model !== this.served.name)
      throw new Refusal(404, `there is no model of that name; this server has ${this.served.name}`)
    switch (route.label) {
      case 'page':
        return { status: 200, type: 'text/html; charset=utf-8', body: this.page.html }
      case 'script':
        return { status: 200, type: 'text/javascript; charset=utf-8', body: this.page.script }
      case 'metrics':
        return { status: 200, type: this.metrics.type, body: await this.metrics.text() }
      case 'server':
        return jsonReply(200, { name: 'wsban', version: packageVersion(), extensions })
      case 'live':
        return jsonReply(200, { live: true })
      case 'ready':
        return jsonReply(this.isReady() ? 200 : 503, { ready: this.isReady() })
      case 'model_ready':
        return jsonReply(this.isReady() ? 200 : 503, { name: this.served.name, ready: this.isReady() })
      case 'model':
        return jsonReply(200, this.modelMetadata())
      case 'predict':
        return this.predict(route, exchange)
      case 'infer':
        return this.infer(exchange)
    }
  }

  private modelMetadata(): unknown {
    const { name, input, outputs } = this.served
    return { name, platform: 'onnx_onnxv1', inputs: [input], outputs }
  }

  private async predict({ query }: Route, { request, response, signal }: Exchange): Promise<Reply> {
    const top = Number(query.get('top') ?? shownClasses)
    if (!Number.isSafeInteger(top) || top < 1) throw new Refusal(400, 'top is a whole number, at least 1')
    const contentType = request.headers['content-type'] ?? ''
    const kind = contentType.split(';')[0]?.trim().toLowerCase() ?? ''
    const isForm = kind === 'multipart/form-data'
    if (!isForm && !kind.startsWith('image/') && kind !== 'application/octet-stream')
      throw new Refusal(415, 'send one image as image/* or application/octet-stream, or several as multipart/form-data')
    const body = await this.bodyOf(request, response)
    const files: readonly UploadedFile[] = isForm
      ? await filesOfForm(contentType, body)
      : [{ name: 'image', bytes: body }]
    if (files.length === 0) throw new Refusal(400, 'the form holds no file')
    const { ok, document } = await this.predictions.of(files, top, signal)
    return jsonReply(ok ? 200 : 422, document)
  }

  private async infer({ request, response, signal }: Exchange): Promise<Reply> {
    const { input, outputs, name } = this.served
    const { batch, maxPixels } = this.limits
    const body = await this.bodyOf(request, response)
    const length = request.headers[headerLength]
    const asked = inferenceRequestOf(
      body,
      length === undefined ? undefined : String(length),
      { input, outputs },
      {
        batch,
        elements: 3 * maxPixels,
      },
    )
    return inferenceReply(name, asked, await this.batcher.submit(asked.tensor, signal))
  }

  private async bodyOf(request: IncomingMessage, response: ServerResponse): Promise<Buffer> {
    if (request.headers['content-encoding'] !== undefined)
      throw new Refusal(415, 'send the body without Content-Encoding')
    const { maxBytes } = this.limits
    const tooLarge = new Refusal(413, `a body may have ${maxBytes} bytes`)
    if (Number(request.headers['content-length']) > maxBytes) throw tooLarge
    if (request.headers.expect?.toLowerCase() === '100-continue') response.writeContinue()
    const body = await readBody(request, maxBytes)
    if (!body) throw tooLarge
    return body
  }
}
