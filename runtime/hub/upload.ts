import { setTimeout as after } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { CommitOperation, HubApiError } from '@huggingface/hub'
import * as z from 'zod'
import { Failure, reasonOf } from '../failure.js'
import type { Reporter } from '../reporter.js'
import { busy, type HubSettings } from '../weights/hub.js'

export interface UploadTarget {
  readonly type: 'model' | 'space'
  /** `owner/name` */
  readonly name: string
  /** The branch; it is created where it is not there. */
  readonly revision: string
  /** Whether a repository that is created is for its owner alone. */
  readonly private: boolean
}

export interface UploadedFile {
  /** In the repository, with forward slashes. */
  readonly name: string
  /** On this machine. */
  readonly path: string
}

/** How often a request is sent that the hub was too busy for. */
const mostTries = 5

/** The longest wait between two of them, in seconds. */
const longestWait = 60

/**
 * Creates a repository of the model hub unless it is there, and adds the files to it, or replaces them, in one commit. The hub decides which
 * of them are large and go to its storage by themselves; those that it has already are not sent again. Returns the commit.
 *
 * @throws Failure `hub-no-token`, `hub-forbidden`, `hub-not-found`, `hub-busy`, `hub-refused`, `hub-unreachable`
 */
export async function uploadToHub(
  target: UploadTarget,
  files: readonly UploadedFile[],
  title: string,
  settings: HubSettings,
  reporter: Reporter,
): Promise<string | undefined> {
  const hub = await import('@huggingface/hub')
  const { type, name, revision } = target
  const accessToken = requireToken(settings)
  const repo = { type, name } as const
  const common = { repo, accessToken, hubUrl: settings.base, fetch: patientFetch(reporter) }
  const answered = async <T>(work: Promise<T>, accepted?: number): Promise<T | undefined> => {
    try {
      return await work
    } catch (error) {
      const api = error instanceof hub.HubApiError ? error : undefined
      if (api && api.statusCode === accepted) return undefined
      throw uploadFailure(error, api, target, settings)
    }
  }
  const visibility = target.private ? ({ visibility: 'private' } as const) : {}
  // 409: it is there already.
  await answered(hub.createRepo({ ...common, ...visibility, ...(type === 'space' && { sdk: 'static' }) }), 409)
  if (revision !== 'main') await answered(hub.createBranch({ ...common, branch: revision }), 409)
  const operations = files.map(
    (file): CommitOperation => ({ operation: 'addOrUpdate', path: file.name, content: pathToFileURL(file.path) }),
  )
  const done = await answered(
    committed(hub.commitIter({ ...common, title, operations, branch: revision, useXet: false }), reporter),
  )
  return /^[0-9a-f]{40,64}$/.exec(done ?? '')?.[0]
}

type CommitEvents = ReturnType<typeof import('@huggingface/hub').commitIter>

async function committed(events: CommitEvents, reporter: Reporter): Promise<string | undefined> {
  for (;;) {
    const { done, value } = await events.next()
    if (done) return value?.commit.oid
    if (value.event === 'phase') continue
    const { path, state, progress } = value
    reporter.progress(`${path}: ${state} ${(progress * 100).toFixed(0)} %`)
  }
}

/** Returns the token that writing needs. @throws Failure `hub-no-token` */
export function requireToken({ token }: HubSettings): string {
  if (token?.startsWith('hf_')) return token
  throw new Failure({
    code: 'hub-no-token',
    message:
      token === undefined
        ? 'the model hub needs a token for this'
        : 'the token is not one of the model hub: they begin with hf_',
    help: 'make one with the right to write in the settings of your account, and set HF_TOKEN to it',
  })
}

/** `fetch`, which waits and asks again where the hub or its storage is too busy. A broken connection is taken up for uploads alone, which may be repeated. */
function patientFetch(reporter: Reporter): typeof fetch {
  return async (input, init) => {
    for (let attempt = 1; ; attempt++) {
      const last = attempt === mostTries
      try {
        const response = await fetch(input, init)
        if (last || ![429, 500, 502, 503, 504].includes(response.status)) return response
        await response.body?.cancel()
        const wait = waitOf(response.headers, attempt)
        if (wait > 0) reporter.progress(`the model hub is busy (status ${response.status}): waiting ${wait} s`)
        await after(wait * 1000)
      } catch (error) {
        if (last || init?.method !== 'PUT' || init.signal?.aborted) throw error
        reporter.progress('the connection broke: sending the file again')
      }
    }
  }
}

/** Seconds to wait before the next try, as the answer says or twice as long each time. */
function waitOf(headers: Headers, attempt: number): number {
  const said = headers.get('retry-after') ?? /;\s*t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]
  const seconds = said === undefined || !/^\d+$/.test(said) ? 2 ** (attempt - 1) : Number(said)
  return Math.min(seconds, longestWait)
}

const refusal = z.object({ error: z.string() })

/** Addresses in the library's own messages may be signed and give access to the storage: they are not repeated. */
function uploadFailure(
  error: unknown,
  api: HubApiError | undefined,
  target: UploadTarget,
  settings: HubSettings,
): Failure {
  const { base, token } = settings
  const { name } = target
  const failure = (code: string, message: string, help: string) => new Failure({ code, message, help })
  if (!api) {
    const cause = error instanceof Error && error.cause ? reasonOf(error.cause) : reasonOf(error)
    return failure(
      'hub-unreachable',
      `the upload to ${base} failed: ${withoutAddresses(cause)}`,
      'check the network and run the command again: files that arrived are not sent again',
    )
  }
  const status = api.statusCode
  if (status === 429) return busy(settings)
  if (status === 401)
    return failure(
      'hub-forbidden',
      `${base} does not accept the token`,
      'it may have been revoked: set HF_TOKEN to another one',
    )
  if (status === 403)
    return failure(
      'hub-forbidden',
      `the token may not write to ${name}`,
      'check the owner, and that the token has the right to write',
    )
  if (status === 404)
    return failure('hub-not-found', `${base} has no place for ${name}`, 'check the owner, and HF_ENDPOINT')
  const said = refusal.safeParse(api.data).data?.error
  const shown = said !== undefined && token !== undefined ? said.replaceAll(token, '***') : said
  const reason = shown === undefined ? '' : `: ${withoutAddresses(shown).slice(0, 300)}`
  return failure(
    'hub-refused',
    `${base} answered ${status} for ${name}${reason}`,
    status >= 500 ? 'try again later' : 'nothing was published',
  )
}

function withoutAddresses(text: string): string {
  return text.replaceAll(/https?:\/\/\S+/g, 'an address')
}
