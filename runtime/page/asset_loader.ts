import type { Asset } from './settings.js'

/** Each script of a piece leaves its base64 here. */
declare global {
  var wsbanPiece: string | undefined
}

/** Loads the pieces of a file, one after another: a page that was opened from a disk may load scripts, but fetch nothing. */
export async function* piecesOf({ pieces }: Asset): AsyncGenerator<string> {
  for (const source of pieces) yield await pieceFrom(source)
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
