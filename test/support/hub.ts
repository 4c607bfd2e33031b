import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import * as z from 'zod'

/** A file of a repository: its content lies in git, or in the storage of large files. */
interface StoredFile {
  readonly content: Buffer
  readonly large: boolean
}

interface Repository {
  readonly visibility: string
  readonly sdk?: string
  /** The files of each commit. */
  readonly commits: Map<string, ReadonlyMap<string, StoredFile>>
  /** The last commit of each branch. */
  readonly branches: Map<string, string>
}

export interface HubRequest {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly range: string | undefined
}

/** A fault of the hub or its storage, at the next requests that match. */
export interface Disturbance {
  readonly matches: (request: HubRequest) => boolean
  times: number
  /** A status with headers and a body; `cut` sends a part of the content and breaks the connection. */
  readonly answer:
    | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }
    | 'cut'
}

const createBody = z.object({
  name: z.string(),
  organization: z.string(),
  type: z.enum(['model', 'space']).optional(),
  sdk: z.string().optional(),
  visibility: z.enum(['public', 'private']).optional(),
})
const preuploadBody = z.object({
  files: z.array(z.object({ path: z.string(), size: z.number(), sample: z.string() })),
})
const batchBody = z.object({
  operation: z.literal('upload'),
  transfers: z.array(z.string()),
  objects: z.array(z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number() })),
})
const completionBody = z.object({
  oid: z.string(),
  parts: z.array(z.object({ partNumber: z.number(), etag: z.string() })),
})
const commitLine = z.discriminatedUnion('key', [
  z.object({ key: z.literal('header'), value: z.object({ summary: z.string() }) }),
  z.object({
    key: z.literal('file'),
    value: z.object({ path: z.string(), content: z.string(), encoding: z.literal('base64') }),
  }),
  z.object({
    key: z.literal('lfsFile'),
    value: z.object({ path: z.string(), algo: z.literal('sha256'), oid: z.string(), size: z.number() }),
  }),
])

/** Files of these names are large whatever their size, as the hub's .gitattributes says. */
const largeNames = /\.(?:safetensors|onnx|bin|wasm)$/
/** And all others from this size on, in bytes. */
const largeSize = 10 * 2 ** 20
/** Objects from this size on are sent in parts of this size. */
const partSize = 300_000

/**
 * A model hub on the loopback, which answers as huggingface.co does: its API for repositories, uploads and commits, the addresses of files with
 * their headers, and a storage of large files at another origin, whose addresses are signed.
 */
export class LoopbackHub {
  readonly requests: HubRequest[] = []
  readonly repositories = new Map<string, Repository>()
  readonly disturbances: Disturbance[] = []
  readonly stored = new Map<string, Buffer>()
  /** Parts of objects that are not complete, by object and number. */
  private readonly parts = new Map<string, Buffer>()
  private readonly signature = randomBytes(16).toString('hex')

  private constructor(
    private readonly servers: readonly Server[],
    /** HF_ENDPOINT */
    readonly base: string,
    readonly storage: string,
    /** The token that may write to `owner`. */
    readonly token: string,
    readonly owner: string,
  ) {}

  static async open(owner: string): Promise<LoopbackHub> {
    let hub: LoopbackHub | undefined
    const handle = (part: 'answer' | 'answerStorage') => (request: IncomingMessage, response: ServerResponse) => {
      ;(part === 'answer' ? hub?.answer(request, response) : hub?.answerStorage(request, response))?.catch(
        (error: unknown) => {
          response.writeHead(400, { 'content-type': 'application/json' })
          response.end(JSON.stringify({ error: String(error) }))
        },
      )
    }
    const servers = [createServer(handle('answer')), createServer(handle('answerStorage'))]
    const addresses = await Promise.all(
      servers.map(
        (server) =>
          new Promise<string>((settle) => {
            server.listen(0, '127.0.0.1', () => settle(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
          }),
      ),
    )
    hub = new LoopbackHub(
      servers,
      addresses[0] ?? '',
      addresses[1] ?? '',
      `hf_${randomBytes(17).toString('hex')}`,
      owner,
    )
    return hub
  }

  close(): void {
    for (const server of this.servers) server.close()
  }

  /** The variables of a process that is to use this hub, with a cache of its own. */
  environment(home: string, token: string | undefined = this.token): Record<string, string> {
    return { HF_ENDPOINT: this.base, HF_HOME: home, ...(token !== undefined && { HF_TOKEN: token }) }
  }

  /** The files of a branch. */
  filesOf(repository: string, branch = 'main'): ReadonlyMap<string, Buffer> {
    const found = this.repositories.get(repository)
    const files = found?.commits.get(found.branches.get(branch) ?? '') ?? new Map<string, StoredFile>()
    return new Map([...files].map(([name, { content }]) => [name, content]))
  }

  /** Adds a repository as if it had been published by someone. Returns its commit. */
  publish(repository: string, files: Readonly<Record<string, Buffer | string>>, visibility = 'public'): string {
    const commit = randomBytes(20).toString('hex')
    const stored = Object.entries(files).map(([name, content]): [string, StoredFile] => [
      name,
      { content: Buffer.from(content), large: largeNames.test(name) },
    ])
    this.repositories.set(repository, {
      visibility,
      commits: new Map([[commit, new Map(stored)]]),
      branches: new Map([['main', commit]]),
    })
    return commit
  }

  private seen(request: IncomingMessage): HubRequest {
    const { method = '', url = '', headers } = request
    const seen = { method, path: url, authorization: headers.authorization, range: headers.range }
    this.requests.push(seen)
    return seen
  }

  private disturbed(request: HubRequest): Disturbance['answer'] | undefined {
    const found = this.disturbances.find((one) => one.times > 0 && one.matches(request))
    if (!found) return undefined
    found.times--
    return found.answer
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = this.seen(request)
    const body = await bodyOf(request)
    const disturbance = this.disturbed(seen)
    if (disturbance !== undefined && disturbance !== 'cut') {
      response.writeHead(disturbance.status, disturbance.headers)
      response.end(disturbance.body)
      return
    }
    const json = (status: number, value: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
      response.end(seen.method === 'HEAD' ? undefined : JSON.stringify(value))
    }
    const { pathname } = new URL(seen.path, this.base)
    if (seen.method === 'GET' || seen.method === 'HEAD') return this.answerFile(seen, pathname, response, json)
    if (seen.authorization !== `Bearer ${this.token}`)
      return json(
        401,
        { error: 'Invalid username or password.' },
        { 'x-error-message': 'Invalid username or password.' },
      )
    if (pathname === '/api/repos/create') return this.create(body, json)
    const [, kind, name, action, revision] =
      /^\/api\/(models|spaces)\/([^/]+\/[^/]+)\/(preupload|commit|branch)\/([^/]+)$/.exec(pathname) ?? []
    const batch = /^\/(spaces\/)?([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/.exec(pathname)
    const key = batch ? `${batch[1] ?? ''}${batch[2]}` : `${kind === 'spaces' ? 'spaces/' : ''}${name}`
    const repository = this.repositories.get(key)
    if (!repository) return json(404, { error: 'Repository not found' }, { 'x-error-code': 'RepoNotFound' })
    if (batch) return this.batch(body, json)
    const branch = decodeURIComponent(revision ?? '')
    if (action === 'branch') {
      if (repository.branches.has(branch)) return json(409, { error: 'Reference already exists' })
      repository.branches.set(branch, repository.branches.get('main') ?? '')
      return json(200, {})
    }
    const parent = repository.branches.get(branch)
    if (parent === undefined) return json(404, { error: 'Invalid rev id' }, { 'x-error-code': 'RevisionNotFound' })
    if (action === 'preupload') {
      const { files } = preuploadBody.parse(JSON.parse(body.toString()))
      const uploadMode = (path: string, size: number) =>
        largeNames.test(path) || size >= largeSize ? 'lfs' : 'regular'
      return json(200, {
        files: files.map(({ path, size }) => ({ path, uploadMode: uploadMode(path, size), shouldIgnore: false })),
      })
    }
    return this.commit(repository, branch, body, json)
  }

  private async create(body: Buffer, json: (status: number, value: unknown) => void): Promise<void> {
    const {
      name,
      organization,
      type = 'model',
      sdk,
      visibility = 'public',
    } = createBody.parse(JSON.parse(body.toString()))
    if (organization !== this.owner)
      return json(403, {
        error: `You don't have the rights to create a model under the namespace "${organization}"`,
      })
    if (type === 'space' && sdk === undefined) return json(400, { error: '"sdk" is required' })
    const key = `${type === 'space' ? 'spaces/' : ''}${organization}/${name}`
    const url = `${this.base}/${key}`
    if (this.repositories.has(key)) return json(409, { error: `You already created this ${type} repo`, url })
    const first = randomBytes(20).toString('hex')
    this.repositories.set(key, {
      visibility,
      ...(sdk !== undefined && { sdk }),
      commits: new Map([[first, new Map()]]),
      branches: new Map([['main', first]]),
    })
    return json(200, { url, name: `${organization}/${name}`, id: randomBytes(12).toString('hex') })
  }

  private async batch(
    body: Buffer,
    json: (status: number, value: unknown, headers?: Record<string, string>) => void,
  ): Promise<void> {
    const { objects, transfers } = batchBody.parse(JSON.parse(body.toString()))
    if (!transfers.includes('basic') || !transfers.includes('multipart')) return json(400, { error: 'transfers' })
    json(
      200,
      {
        transfer: objects.some(({ size }) => size > partSize) ? 'multipart' : 'basic',
        objects: objects.map(({ oid, size }) => {
          if (this.stored.has(oid)) return { oid, size }
          if (size <= partSize) return { oid, size, actions: { upload: { href: this.signed(`/${oid}`) } } }
          const count = Math.ceil(size / partSize)
          const numbers = Array.from({ length: count }, (_, index) => String(index + 1).padStart(5, '0'))
          const header = {
            chunk_size: String(partSize),
            ...Object.fromEntries(
              numbers.map((number) => [number, this.signed(`/${oid}?partNumber=${Number(number)}`)]),
            ),
          }
          return { oid, size, actions: { upload: { href: this.signed(`/${oid}/complete`), header } } }
        }),
      },
      { 'content-type': 'application/vnd.git-lfs+json' },
    )
  }

  private signed(path: string): string {
    return `${this.storage}${path}${path.includes('?') ? '&' : '?'}X-Amz-Signature=${this.signature}`
  }

  private async commit(
    repository: Repository,
    branch: string,
    body: Buffer,
    json: (status: number, value: unknown) => void,
  ): Promise<void> {
    const lines = body
      .toString()
      .split('\n')
      .map((line) => commitLine.parse(JSON.parse(line)))
    const files = new Map(repository.commits.get(repository.branches.get(branch) ?? ''))
    for (const { key, value } of lines) {
      if (key === 'file') files.set(value.path, { content: Buffer.from(value.content, 'base64'), large: false })
      if (key !== 'lfsFile') continue
      const content = this.stored.get(value.oid)
      if (content?.length !== value.size)
        return json(422, { error: `LFS pointer pointed to a file that does not exist: ${value.path}` })
      files.set(value.path, { content, large: true })
    }
    const commitOid = randomBytes(20).toString('hex')
    repository.commits.set(commitOid, files)
    repository.branches.set(branch, commitOid)
    json(200, { success: true, commitOid, commitUrl: `${this.base}/commit/${commitOid}`, hookOutput: '' })
  }

  private async answerFile(
    request: HubRequest,
    pathname: string,
    response: ServerResponse,
    json: (status: number, value: unknown, headers?: Record<string, string>) => void,
  ): Promise<void> {
    const cached = /^\/api\/resolve-cache\/models\/([^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(pathname)
    const [, key = '', revision = '', file = ''] =
      cached ?? /^\/((?:spaces\/)?[^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(pathname) ?? []
    const repository = this.repositories.get(key)
    const authorized = request.authorization === `Bearer ${this.token}`
    if (!repository || (repository.visibility === 'private' && !authorized))
      return json(authorized ? 404 : 401, { error: 'Repository not found' }, { 'x-error-code': 'RepoNotFound' })
    const named = decodeURIComponent(revision)
    const commit = repository.branches.get(named) ?? named
    const files = repository.commits.get(commit)
    if (!files) return json(404, { error: 'Invalid rev id' }, { 'x-error-code': 'RevisionNotFound' })
    const found = files.get(decodeURIComponent(file))
    if (!found)
      return json(404, { error: 'Entry not found' }, { 'x-error-code': 'EntryNotFound', 'x-repo-commit': commit })
    const { content, large } = found
    const etag = large ? sha256(content) : gitHash(content)
    if (cached) {
      response.writeHead(200, { 'content-length': String(content.length), etag: `"${etag}"`, 'x-repo-commit': commit })
      response.end(request.method === 'HEAD' ? undefined : content)
      return
    }
    if (large) this.stored.set(etag, content)
    response.writeHead(large ? 302 : 307, {
      location: large ? this.signed(`/${etag}`) : `/api/resolve-cache/models/${key}/${commit}/${file}`,
      'x-repo-commit': commit,
      'x-linked-etag': `"${etag}"`,
      'x-linked-size': String(content.length),
      'content-length': '0',
    })
    response.end()
  }

  /** Large files, at addresses that need no token. */
  private async answerStorage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = this.seen(request)
    const body = await bodyOf(request)
    const disturbance = this.disturbed(seen)
    if (disturbance !== undefined && disturbance !== 'cut') {
      response.writeHead(disturbance.status, disturbance.headers)
      response.end(disturbance.body)
      return
    }
    const { pathname, searchParams } = new URL(seen.path, this.storage)
    const end = (status: number, headers: Record<string, string> = {}, content?: Buffer) => {
      response.writeHead(status, headers)
      response.end(seen.method === 'HEAD' ? undefined : content)
    }
    if (searchParams.get('X-Amz-Signature') !== this.signature) return end(403, { 'content-type': 'application/xml' })
    const [, oid = '', complete] = /^\/([0-9a-f]{64})(\/complete)?$/.exec(pathname) ?? []
    const part = searchParams.get('partNumber')
    if (disturbance === 'cut' && seen.method !== 'GET') {
      response.destroy()
      return
    }
    if (seen.method === 'PUT') {
      if (part !== null) this.parts.set(`${oid}/${part}`, body)
      else if (sha256(body) !== oid) return end(400, { 'content-type': 'application/xml' })
      else this.stored.set(oid, body)
      return end(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` })
    }
    if (complete !== undefined && seen.method === 'POST') {
      const { parts } = completionBody.parse(JSON.parse(body.toString()))
      const contents = parts.map(({ partNumber, etag }) => {
        const content = this.parts.get(`${oid}/${partNumber}`)
        if (!content || etag !== `"${createHash('md5').update(content).digest('hex')}"`)
          throw new Error(`part ${partNumber} is not there`)
        return content
      })
      const whole = Buffer.concat(contents)
      if (sha256(whole) !== oid) return end(400)
      this.stored.set(oid, whole)
      return end(200, { 'content-type': 'application/json' }, Buffer.from('{}'))
    }
    const content = this.stored.get(oid)
    if (!content) return end(404)
    const start = Number(/^bytes=(\d+)-$/.exec(seen.range ?? '')?.[1] ?? 0)
    const range = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}
    const headers = { ...range, 'content-length': String(content.length - start) }
    if (disturbance !== 'cut') return end(start > 0 ? 206 : 200, headers, content.subarray(start))
    response.writeHead(start > 0 ? 206 : 200, headers)
    response.write(content.subarray(start, start + Math.ceil((content.length - start) / 2)), () => response.destroy())
  }
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

function gitHash(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces)
}
