/** Caches the page's files in the browser, so that a page from a server opens offline. */

interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface FetchEvent extends ExtendableEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}
declare global {
  interface WindowEventMap {
    readonly install: ExtendableEvent
    readonly activate: ExtendableEvent
    readonly fetch: FetchEvent
  }
}

/** The export prepends it to this script: paths relative to the page, and a hash of their contents. */
declare const precached: { readonly version: string; readonly files: readonly string[] }

const folder = new URL('.', location.href)
const page = new URL('index.html', folder)
/** All pages of an origin share its caches. */
const own = `wsban-page ${folder.pathname} `
const current = own + precached.version

async function install(): Promise<void> {
  const cache = await caches.open(current)
  for (const file of precached.files) {
    const url = new URL(file, folder)
    const response = await fetch(url, { cache: 'no-cache' })
    if (!response.ok) throw new Error(`${url} is not there: ${response.status}`)
    // Browsers refuse a redirected response for a navigation.
    await cache.put(url, response.redirected ? new Response(response.body, { headers: response.headers }) : response)
  }
}

async function removeOthers(): Promise<void> {
  for (const name of await caches.keys()) if (name.startsWith(own) && name !== current) await caches.delete(name)
}

async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(current)
  const isPage = new URL(request.url).pathname === folder.pathname
  return (await cache.match(isPage ? page : request, { ignoreSearch: true })) ?? fetch(request)
}

addEventListener('install', (event) => event.waitUntil(install()))
addEventListener('activate', (event) => event.waitUntil(removeOthers()))
addEventListener('fetch', (event) => {
  if (event.request.method === 'GET') event.respondWith(answer(event.request))
})
