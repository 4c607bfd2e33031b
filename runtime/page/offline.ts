/** Whether the page came from a server, and not from a disk. */
export const fromServer = /^https?:$/.test(location.protocol)

/**
 * Caches a page from a server for offline use and makes it installable. Resolves to false where browsers allow neither: on a page opened from a disk,
 * or from a server without HTTPS.
 *
 * @throws Error if a file of the page is missing on the server
 */
export async function keepOffline(): Promise<boolean> {
  if (!fromServer || !isSecureContext || !('serviceWorker' in navigator)) return false
  const link = document.createElement('link')
  link.rel = 'manifest'
  link.href = 'manifest.webmanifest'
  document.head.append(link)
  const registration = await navigator.serviceWorker.register('service-worker.js')
  const worker = registration.installing
  if (!worker) return registration.active !== null
  return new Promise((settle, fail) =>
    worker.addEventListener('statechange', () => {
      if (worker.state === 'redundant') fail(new Error('a file of the page is missing on the server'))
      // A new version is activated when the pages of the old one are closed.
      else if (worker.state !== 'installing') settle(true)
    }),
  )
}
