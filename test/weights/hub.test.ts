import { createHash } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Random } from '../../compiler/random.js'
import { Failure } from '../../runtime/failure.js'
import { silent } from '../../runtime/reporter.js'
import { cachedFromHub, type HubSettings, hubSettings, isHubName, pullFromHub } from '../../runtime/weights/hub.js'

/** A model hub on the loopback interface that behaves as the real one: URLs, headers, redirects to the storage of large files, ranges. */

const random = new Random(1)
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => random.integer(256)))
const sha256 = createHash('sha256').update(content).digest('hex')
const commit = '0123456789abcdef0123456789abcdef01234567'
const folder = mkdtempSync(join(tmpdir(), 'wsban-hub-'))
const seen: {
  readonly method: string
  readonly url: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}[] = []
let cutsLeft = 0
let servers: readonly Server[] = []
let base = ''
let elsewhere = ''

const handle = (request: IncomingMessage, response: ServerResponse) => {
  const { method = '', url = '', headers } = request
  seen.push({ method, url, range: headers.range, authorization: headers.authorization })
  const end = (status: number, extra: Record<string, string> = {}, body?: Buffer | string) => {
    response.writeHead(status, extra)
    response.end(method === 'HEAD' ? undefined : body)
  }
  const announced = {
    'x-repo-commit': commit,
    'x-linked-etag': `"${sha256}"`,
    'x-linked-size': String(content.length),
    location: `${elsewhere}/data`,
  }
  if (url.startsWith('/owner/moved/')) return end(307, { location: url.replace('moved', 'large') })
  if (url === '/owner/large/resolve/main/model.safetensors') return end(302, announced)
  if (url === '/owner/damaged/resolve/main/model.safetensors')
    return end(302, { ...announced, 'x-linked-etag': `"${'0'.repeat(64)}"` })
  if (url === '/owner/old/resolve/main/pytorch_model.bin') {
    const etag = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
    return end(200, { 'x-repo-commit': commit, etag: `"${etag}"`, 'content-length': String(content.length) }, content)
  }
  if (url.startsWith('/owner/private/'))
    return headers.authorization === 'Bearer secret' ? end(302, announced) : end(401, { 'x-error-code': 'GatedRepo' })
  if (url.startsWith('/owner/nothing/') || url.startsWith('/owner/old/'))
    return end(404, { 'x-error-code': 'EntryNotFound' })
  if (url.startsWith('/owner/broken/')) return end(503)
  if (url.startsWith('/owner/round/')) return end(307, { location: url })
  if (url.startsWith('/owner/page/')) return end(200, { 'content-type': 'text/html' }, 'a page')
  if (url.startsWith('/owner/gone/')) return end(302, { ...announced, location: `${elsewhere}/gone` })
  if (url.startsWith('/owner/closed/')) return end(302, { ...announced, location: `${elsewhere}/closed` })
  if (url.startsWith('/owner/unreachable/')) return end(302, { ...announced, location: 'http://127.0.0.1:2/data' })
  if (url.startsWith('/owner/short/')) return end(302, { ...announced, 'x-linked-size': String(content.length + 1) })
  if (url.startsWith('/owner/evil/')) return end(302, { ...announced, 'x-linked-etag': '"../../evil"' })
  return end(404, { 'x-error-code': 'RepoNotFound' })
}

/** The storage of large files: another origin, with range requests, and connections that may break. */
const handleData = (request: IncomingMessage, response: ServerResponse): void => {
  const { method = '', url = '', headers } = request
  seen.push({ method, url, range: headers.range, authorization: headers.authorization })
  if (url === '/gone' || url === '/closed') {
    response.writeHead(url === '/gone' ? 500 : 403)
    response.end()
    return
  }
  const start = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0)
  const range = start > 0 ? { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` } : {}
  response.writeHead(start > 0 ? 206 : 200, { ...range, 'content-length': String(content.length - start) })
  if (cutsLeft-- > 0) response.write(content.subarray(start, start + 70_000), () => response.destroy())
  else response.end(content.subarray(start))
}

test.before(async () => {
  servers = [createServer(handle), createServer(handleData)]
  const [first, second] = await Promise.all(
    servers.map(
      (server) =>
        new Promise<string>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
        }),
    ),
  )
  base = first ?? ''
  elsewhere = second ?? ''
})
test.after.always(() => {
  for (const server of servers) server.close()
  rmSync(folder, { recursive: true, force: true })
})

function settings(name: string, more: Partial<HubSettings> = {}): HubSettings {
  return { base, cache: join(folder, name), offline: false, token: undefined, ...more }
}

async function fails(t: import('ava').ExecutionContext, work: Promise<string>, code: string): Promise<string> {
  const error = await t.throwsAsync(work, { instanceOf: Failure })
  t.is(error?.problem.code, code)
  return `${error?.message} ${error?.problem.help}`
}

test.serial('a large file comes by redirect into the cache that other tools know', async (t) => {
  const own = settings('large')
  const path = await pullFromHub('owner/large', silent, own)
  t.deepEqual(readFileSync(path), content)
  const repository = join(own.cache, 'models--owner--large')
  t.is(path, join(repository, 'snapshots', commit, 'model.safetensors'))
  t.true(lstatSync(path).isSymbolicLink())
  t.deepEqual(readdirSync(join(repository, 'blobs')), [sha256])
  t.is(readFileSync(join(repository, 'refs', 'main'), 'utf8'), commit)
  t.is(await cachedFromHub('owner/large', own), path)
  const before = seen.filter(({ url }) => url === '/data').length
  t.is(await pullFromHub('owner/large', silent, own), path)
  t.is(seen.filter(({ url }) => url === '/data').length, before, 'not fetched twice')
})

test.serial('a renamed repository is followed, a small file of the old kind is taken', async (t) => {
  t.deepEqual(readFileSync(await pullFromHub('owner/moved', silent, settings('moved'))), content)
  t.deepEqual(readFileSync(await pullFromHub('owner/old', silent, settings('old'))), content)
})

test.serial('a connection that breaks is taken up where it broke', async (t) => {
  cutsLeft = 2
  const path = await pullFromHub('owner/large', silent, settings('cut'))
  t.deepEqual(readFileSync(path), content)
  t.true(seen.some(({ range }) => range !== undefined && range !== 'bytes=0-'))
})

test.serial('one that breaks again and again keeps the received part, and resumes in the next run', async (t) => {
  cutsLeft = 4
  const own = settings('cut-long')
  t.regex(await fails(t, pullFromHub('owner/large', silent, own), 'hub-cut'), /continues where it stopped/)
  const blobs = join(own.cache, 'models--owner--large', 'blobs')
  t.deepEqual(readdirSync(blobs), [`${sha256}.incomplete`])
  cutsLeft = 0
  t.deepEqual(readFileSync(await pullFromHub('owner/large', silent, own)), content)
})

test.serial('a file with another hash than announced is thrown away', async (t) => {
  const own = settings('damaged')
  await fails(t, pullFromHub('owner/damaged', silent, own), 'hub-damaged')
  t.deepEqual(readdirSync(join(own.cache, 'models--owner--damaged', 'blobs')), [])
  t.is(await cachedFromHub('owner/damaged', own), undefined)
})

test.serial('half a file of something else is not mistaken for the beginning', async (t) => {
  const own = settings('stale')
  const blobs = join(own.cache, 'models--owner--large', 'blobs')
  mkdirSync(blobs, { recursive: true })
  writeFileSync(join(blobs, `${sha256}.incomplete`), Buffer.alloc(1000))
  await fails(t, pullFromHub('owner/large', silent, own), 'hub-damaged')
  t.deepEqual(readFileSync(await pullFromHub('owner/large', silent, own)), content)
})

test.serial('the token is sent to the hub alone', async (t) => {
  const without = await fails(t, pullFromHub('owner/private', silent, settings('private')), 'hub-forbidden')
  t.regex(without, /HF_TOKEN/)
  seen.length = 0
  t.deepEqual(
    readFileSync(await pullFromHub('owner/private', silent, settings('private', { token: 'secret' }))),
    content,
  )
  t.true(seen.some(({ authorization }) => authorization === 'Bearer secret'))
  t.true(seen.filter(({ url }) => url === '/data').every(({ authorization }) => authorization === undefined))
})

test.serial('an absent, unreachable or hostile repository ends in an error', async (t) => {
  t.regex(await fails(t, pullFromHub('owner/none', silent, settings('none')), 'hub-not-found'), /no owner\/none/)
  t.regex(await fails(t, pullFromHub('owner/nothing', silent, settings('nothing')), 'hub-not-found'), /neither/)
  await fails(t, pullFromHub('owner/evil', silent, settings('evil')), 'hub-unreachable')
  t.false(existsSync(join(folder, 'evil', 'models--owner--evil')))
  await fails(
    t,
    pullFromHub('owner/large', silent, settings('dead', { base: 'http://127.0.0.1:9' })),
    'hub-unreachable',
  )
})

test.serial('a hub that fails, sends round and round, or is none, ends in an error that says which', async (t) => {
  const of = (name: string, code: string, more: Partial<HubSettings> = {}) =>
    fails(t, pullFromHub(`owner/${name}`, silent, settings(name, more)), code)
  t.regex(await of('broken', 'hub-unreachable'), /answered 503 .*try again later/)
  t.regex(await of('round', 'hub-unreachable'), /from one address to the next/)
  t.regex(await of('page', 'hub-unreachable'), /in a way that a model hub does not/)
  t.regex(await of('gone', 'hub-cut'), /broke 4 times \(status 500\)/)
  t.regex(await of('unreachable', 'hub-cut'), /broke 4 times \(.*ECONNREFUSED/)
  t.regex(await of('closed', 'hub-forbidden'), /set HF_TOKEN/)
  t.regex(await of('private', 'hub-forbidden', { token: 'another' }), /whether HF_TOKEN may read it/)
  t.regex(await of('short', 'hub-cut'), /broke 4 times run the command again/)
})

test.serial('a cache that names no commit holds nothing', async (t) => {
  const own = settings('odd')
  const refs = join(own.cache, 'models--owner--large', 'refs')
  mkdirSync(refs, { recursive: true })
  writeFileSync(join(refs, 'main'), '../../elsewhere')
  t.is(await cachedFromHub('owner/large', own), undefined)
})

test.serial('offline, only the cache is asked', async (t) => {
  seen.length = 0
  await fails(t, pullFromHub('owner/large', silent, settings('offline', { offline: true })), 'hub-offline')
  const path = await pullFromHub('owner/large', silent, settings('large', { offline: true }))
  t.deepEqual(readFileSync(path), content)
  t.is(seen.length, 0)
})

test("the variables of the hub's own tools are those here", (t) => {
  t.like(hubSettings({ HF_ENDPOINT: 'http://mirror/', HF_HOME: '/home/hf', HF_TOKEN: 'x', HF_HUB_OFFLINE: '1' }), {
    base: 'http://mirror',
    cache: '/home/hf/hub',
    token: 'x',
    offline: true,
  })
  t.is(hubSettings({ HF_HUB_CACHE: '/cache' }).cache, '/cache')
  t.true(isHubName('timm/inception_v3.tv_in1k'))
  for (const name of ['a', '../b', 'a/..', '/a/b', 'a/b/c', 'a/.b']) t.false(isHubName(name), name)
})
