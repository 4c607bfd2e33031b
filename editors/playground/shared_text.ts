/** A text in the part of an address that browsers do not send to a server. */
const key = '#text='
/** Characters: more is no spec that a person wrote. */
const longest = 1_000_000

/** Returns the part of an address that holds the text. */
export async function fragmentOf(text: string): Promise<string> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'))
  const bytes = new Uint8Array(await new Response(packed).arrayBuffer())
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  return `${key}${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`
}

/** Returns the text of an address; undefined without one. @throws Error for a damaged one */
export async function textOfFragment(fragment: string): Promise<string | undefined> {
  if (!fragment.startsWith(key)) return undefined
  try {
    const base64 = fragment.slice(key.length).replaceAll('-', '+').replaceAll('_', '/')
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    return await unpacked(bytes)
  } catch (error) {
    throw new Error('the link is damaged: copy it as a whole', { cause: error })
  }
}

/** Read piece by piece: a few bytes can unpack to more than the memory holds. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader()
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    text += decoder.decode(read.value, { stream: true })
    if (text.length > longest) throw new Error('the text is too long')
  }
  return text + decoder.decode()
}
