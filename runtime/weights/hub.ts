import { createHash, type Hash } from 'node:crypto'
import { createReadStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { Failure, reasonOf } from '../failure.js'
import { hasCode, writeAtomically } from '../files.js'
import { withLock } from '../lock.js'
import type { Reporter } from '../reporter.js'

/** The variables of the hub's own tools, so that a machine that is set up for them is set up for this. */
export interface HubSettings {
  /** HF_ENDPOINT */
  readonly base: string
  /** HF_HUB_CACHE, or `hub` in HF_HOME */
  readonly cache: string
  /** HF_HUB_OFFLINE */
  readonly offline: boolean
  /** HF_TOKEN, or what the hub's own tools stored at HF_TOKEN_PATH (`token` in HF_HOME) */
  readonly token: string | undefined
}

export function hubSettings(environment: NodeJS.ProcessEnv = process.env): HubSettings {
  const home = environment.HF_HOME ?? join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'huggingface')
  return {
    base: (environment.HF_ENDPOINT ?? 'https://huggingface.co').replace(/\/+$/, ''),
    cache: environment.HF_HUB_CACHE ?? join(home, 'hub'),
    offline: /^(1|true|yes|on)$/i.test(environment.HF_HUB_OFFLINE ?? ''),
    token:
      environment.HF_TOKEN ||
      environment.HUGGING_FACE_HUB_TOKEN ||
      storedToken(environment.HF_TOKEN_PATH ?? join(home, 'token')),
  }
}

/** The token that `hf auth login` stores. */
function storedToken(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim() || undefined
  } catch (error) {
    // A machine without a login, and a file of another user, are the usual cases: public repositories need no token.
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined
    throw error
  }
}

/** The names a repository's weights may have, best first. */
const files = ['model.safetensors', 'pytorch_model.bin']
const mostTries = 4

/** `owner/name`, as the hub allows it; nothing that could lead out of the cache. */
export function isHubName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name) && !name.includes('..')
}

/** A branch, a tag or a commit, as git and the hub allow it; nothing that could lead out of the cache. */
export function isRevision(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*(?:\/[A-Za-z0-9][\w.-]*)*$/.test(name) && !name.includes('..') && !name.endsWith('.lock')
}

const usualRevision = 'main'

/** The file of an earlier pull. */
export async function cachedFromHub(repository: string, settings = hubSettings()): Promise<string | undefined> {
  const folder = repositoryFolder(repository, settings)
  const commit = await readFile(join(folder, 'refs', usualRevision), 'utf8').catch(() => undefined)
  if (commit === undefined || !/^[\w.-]+$/.test(commit.trim())) return undefined
  return files.map((file) => join(folder, 'snapshots', commit.trim(), file)).find((path) => existsSync(path))
}

/** A file of the hub on this machine. */
export interface HubFile {
  readonly path: string
  /** The commit that it belongs to. */
  readonly commit: string
}

export interface HubFileRequest {
  readonly repository: string
  /** One name, or several separated by `/`. */
  readonly file: string
  /** A branch, a tag or a commit; `main` without. */
  readonly revision?: string
  /** Bytes of the largest file that is taken. */
  readonly most?: number
}

/**
 * Fetches one file of a repository into the hub's own cache (blobs, refs, snapshots). An interrupted download resumes; its hash
 * is checked before the file gets its name. Returns undefined where the repository has none of that name.
 *
 * @throws Failure `hub-not-found`, `hub-forbidden`, `hub-unreachable`, `hub-cut`, `hub-damaged`, `hub-too-large`
 */
export async function fetchFromHub(
  { repository, file, revision = usualRevision, most = Number.MAX_SAFE_INTEGER }: HubFileRequest,
  reporter: Reporter,
  settings: HubSettings,
): Promise<HubFile | undefined> {
  const found = await describe(repository, file, revision, settings)
  if (found === undefined) return undefined
  if (found.size > most)
    throw failure(
      'hub-too-large',
      `${file} of ${repository} has ${found.size} bytes, and at most ${most} are taken`,
      'the repository holds something else under this name',
    )
  return { path: await fetchFile(repository, file, revision, found, reporter, settings), commit: found.commit }
}

/**
 * Fetches a repository's weights into the hub's own cache and gives the file's path; see `fetchFromHub`.
 *
 * @throws Failure `hub-offline`, `hub-not-found`, `hub-forbidden`, `hub-unreachable`, `hub-cut`, `hub-damaged`
 */
export async function pullFromHub(repository: string, reporter: Reporter, settings = hubSettings()): Promise<string> {
  if (settings.offline) {
    const cached = await cachedFromHub(repository, settings)
    if (cached !== undefined) return cached
    throw failure(
      'hub-offline',
      `${repository} is not in ${settings.cache}, and HF_HUB_OFFLINE is set`,
      'unset it once to fetch the weights',
    )
  }
  for (const file of files) {
    const found = await fetchFromHub({ repository, file }, reporter, settings)
    if (found !== undefined) return found.path
  }
  throw failure(
    'hub-not-found',
    `${repository} has neither ${files.join(' nor ')}`,
    'see the repository for what it holds',
  )
}

interface Described {
  readonly commit: string
  /** The SHA-256 of a large file, git's blob hash of a small one. */
  readonly etag: string
  readonly size: number
  readonly url: string
}

/** The hub's description of a file; undefined if the repository has none of that name. */
async function describe(
  repository: string,
  file: string,
  revision: string,
  settings: HubSettings,
): Promise<Described | undefined> {
  let url = `${settings.base}/${repository}/resolve/${encodeURIComponent(revision)}/${file}`
  for (let hop = 0; hop < 5; hop++) {
    const response = await request(url, 'HEAD', settings, {})
    const target = response.headers.get('location')
    // A renamed repository answers with another address of its own; only the step to where the data lies leads elsewhere.
    if (
      target !== null &&
      response.status < 400 &&
      new URL(target, url).origin === new URL(url).origin &&
      !response.headers.has('x-linked-etag')
    ) {
      url = new URL(target, url).href
      continue
    }
    const code = response.headers.get('x-error-code')
    if (response.status === 404 && code === 'RevisionNotFound')
      throw failure(
        'hub-not-found',
        `${repository} has no revision ${revision}`,
        'give a branch, a tag or a commit of the repository',
      )
    if (response.status === 404 && code !== 'RepoNotFound') return undefined
    if (response.status === 401 || response.status === 403) throw forbidden(repository, settings)
    if (response.status === 404)
      throw failure(
        'hub-not-found',
        `there is no ${repository} at ${settings.base}`,
        'see `wsban weights pull -h` for known names',
      )
    if (response.status === 429) throw busy(settings)
    if (response.status >= 400)
      throw failure(
        'hub-unreachable',
        `${settings.base} answered ${response.status} for ${repository}`,
        'try again later',
      )
    const commit = response.headers.get('x-repo-commit')
    const etag = (response.headers.get('x-linked-etag') ?? response.headers.get('etag') ?? '').replace(/^W\/|"/g, '')
    const size = Number(response.headers.get('x-linked-size') ?? response.headers.get('content-length'))
    if (
      !commit ||
      !/^[\w.-]+$/.test(commit) ||
      !/^[0-9a-f]{40}([0-9a-f]{24})?$/.test(etag) ||
      !Number.isSafeInteger(size)
    )
      throw failure(
        'hub-unreachable',
        `${settings.base} answered in a way that a model hub does not`,
        'see HF_ENDPOINT',
      )
    return { commit, etag, size, url }
  }
  throw failure(
    'hub-unreachable',
    `${settings.base} sends ${repository} from one address to the next`,
    'see HF_ENDPOINT',
  )
}

async function fetchFile(
  repository: string,
  file: string,
  revision: string,
  found: Described,
  reporter: Reporter,
  settings: HubSettings,
): Promise<string> {
  const folder = repositoryFolder(repository, settings)
  const blob = join(folder, 'blobs', found.etag)
  const path = join(folder, 'snapshots', found.commit, file)
  await Promise.all([mkdir(dirname(blob), { recursive: true }), mkdir(dirname(path), { recursive: true })])
  await withLock(
    `${blob}.lock`,
    (holder) => reporter.say(`waiting for ${holder}, which fetches the same file`),
    async () => {
      if (!existsSync(blob)) await download(repository, `${blob}.incomplete`, blob, found, reporter, settings)
    },
  )
  // Where links are not allowed the file itself goes there, as it does with the hub's own tools.
  if (!existsSync(path)) await symlink(relative(dirname(path), blob), path).catch(() => rename(blob, path))
  // As with the hub's own tools, a commit needs no name that leads to it.
  if (revision !== found.commit) await writeAtomically(join(folder, 'refs', revision), found.commit)
  return path
}

async function download(
  repository: string,
  part: string,
  blob: string,
  found: Described,
  reporter: Reporter,
  settings: HubSettings,
): Promise<void> {
  let reason = ''
  for (let attempt = 0; attempt < mostTries; attempt++) {
    try {
      await goOn(repository, part, found, reporter, settings)
      const size = (await stat(part)).size
      if (size < found.size) continue
      if (size === found.size && (await hashOf(part, found)) === found.etag) {
        await rename(part, blob)
        return
      }
      // The download does not match its announced checksum and is not kept.
      await rm(part, { force: true })
      throw failure(
        'hub-damaged',
        `${repository} arrived with another hash than ${settings.base} announced`,
        'run the command again; if it stays so, something on the way changes files',
      )
    } catch (error) {
      if (error instanceof Failure) throw error
      reason = reasonOf(error)
    }
  }
  throw failure(
    'hub-cut',
    `${repository}: the connection broke ${mostTries} times${reason === '' ? '' : ` (${reason})`}`,
    'run the command again: it continues where it stopped',
  )
}

/** One request for what is missing. */
async function goOn(
  repository: string,
  part: string,
  found: Described,
  reporter: Reporter,
  settings: HubSettings,
): Promise<void> {
  const have = await stat(part).then(
    ({ size }) => size,
    () => 0,
  )
  if (have >= found.size) return
  const response = await request(found.url, 'GET', settings, have > 0 ? { range: `bytes=${have}-` } : {})
  if (response.status === 401 || response.status === 403) throw forbidden(repository, settings)
  if (response.status === 429) throw busy(settings)
  if (!response.ok || !response.body) throw new Error(`status ${response.status}`)
  // A server that does not know ranges sends the whole file again.
  const goesOn = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`)
  const output = await open(part, goesOn ? 'a' : 'w')
  let written = goesOn ? have : 0
  try {
    // TypeScript's DOM does not know that Node's streams can be gone through.
    for await (const chunk of Readable.fromWeb(response.body as NodeReadableStream<Uint8Array>)) {
      await output.writeFile(chunk)
      written += chunk.length
      reporter.progress(`${repository}: ${(written / 1e6).toFixed(1)} of ${(found.size / 1e6).toFixed(1)} MB`)
    }
    await output.sync()
  } finally {
    await output.close()
  }
}

async function request(
  url: string,
  method: 'HEAD' | 'GET',
  settings: HubSettings,
  headers: Record<string, string>,
): Promise<Response> {
  // The hub's token is for the hub alone; fetch takes it off where a redirect leads to another host.
  const own = settings.token !== undefined && new URL(url).origin === new URL(settings.base).origin
  const authorization = own ? { authorization: `Bearer ${settings.token}` } : {}
  try {
    return await fetch(url, {
      method,
      headers: { ...headers, ...authorization, 'accept-encoding': 'identity' },
      redirect: method === 'HEAD' ? 'manual' : 'follow',
      ...(method === 'HEAD' && { signal: AbortSignal.timeout(30_000) }),
    })
  } catch (error) {
    const cause = error instanceof Error && error.cause ? reasonOf(error.cause) : reasonOf(error)
    if (method === 'GET') throw new Error(cause, { cause: error })
    throw failure(
      'hub-unreachable',
      `${settings.base} cannot be reached: ${cause}`,
      'check the network; HF_ENDPOINT names another address, and --weights takes a file that was fetched otherwise',
    )
  }
}

/** By the length of what was announced: SHA-256, or git's SHA-1 of a blob. */
async function hashOf(path: string, { etag, size }: Described): Promise<string> {
  const hash: Hash = etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`)
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash)
  return hash.digest('hex')
}

function repositoryFolder(repository: string, settings: HubSettings): string {
  return join(settings.cache, `models--${repository.replace('/', '--')}`)
}

function forbidden(repository: string, { token }: HubSettings): Failure {
  return failure(
    'hub-forbidden',
    `${repository} is not there, or not for everyone`,
    token === undefined
      ? 'check the name; for a repository of your own set HF_TOKEN'
      : 'check the name, and whether HF_TOKEN may read it',
  )
}

/** For a client that asked too often (429). */
export function busy({ base, token }: HubSettings): Failure {
  return failure(
    'hub-busy',
    `${base} takes no more requests from here for now (status 429)`,
    token === undefined
      ? 'try again in a few minutes; with HF_TOKEN set more are allowed'
      : 'try again in a few minutes',
  )
}

function failure(code: string, message: string, help: string): Failure {
  return new Failure({ code, message, help })
}
