import { fromServer } from './offline.js'
import type { Asset } from './settings.js'

/** Each script of a piece leaves its base64 here. */
declare global {
  var wsbanPiece: string | undefined
}

/**
 * Loads a file piece by piece: bytes, or base64. A page that was opened from a disk may load scripts, but fetch nothing.
 *
 * @throws Error if a file of the page is missing or damaged, or the connection ends
 */
export async function* piecesOf({ file, pieces }: Asset): AsyncGenerator<string | Uint8Array<ArrayBuffer>> {
  const response = fromServer ? await fetch(file) : undefined
  // The scripts are the fallback if the binary files were not copied to the server.
  if (!response?.ok || !response.body) {
    for (const source of pieces) yield await pieceFrom(source)
    return
  }
  const reader = response.body.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
}

/** @throws Error if the script is missing or is none of a piece */
async function pieceFrom(source: string): Promise<string> {
  const script = document.createElement('script')
  script.src = source
  const loaded = new Promise<void>((settle, fail) => {
    script.addEventListener('load', () => settle())
    script.addEventListener('error', () =>
      fail(new Error(`${source} is missing beside index.html; copy the whole folder`)),
    )
  })
  document.head.append(script)
  await loaded
  script.remove()
  const piece = globalThis.wsbanPiece
  globalThis.wsbanPiece = undefined
  if (piece === undefined) throw new Error(`${source} is damaged; copy the whole folder again`)
  return piece
}
