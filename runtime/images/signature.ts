/**
 * The supported formats, with sharp's names for their decoders or `libheif` and `bmp`, detected from a file's first bytes (its name may be wrong).
 */
interface Signature {
  readonly format: string
  readonly decoder: string
  readonly matches: (bytes: Uint8Array) => boolean
}

export const signatures: readonly Signature[] = [
  { format: 'JPEG', decoder: 'jpeg', matches: (b) => b[0] === 0xff && b[1] === 0xd8 && b[2] === 0xff },
  { format: 'PNG', decoder: 'png', matches: (b) => latin(b, 0, 8) === '\u0089PNG\r\n\u001a\n' },
  { format: 'WebP', decoder: 'webp', matches: (b) => latin(b, 0, 4) === 'RIFF' && latin(b, 8, 12) === 'WEBP' },
  {
    format: 'AVIF',
    decoder: 'heif',
    matches: (b) => brandsOf(b).some((brand) => brand === 'avif' || brand === 'avis'),
  },
  { format: 'TIFF', decoder: 'tiff', matches: (b) => ['II*\0', 'MM\0*', 'II+\0', 'MM\0+'].includes(latin(b, 0, 4)) },
  { format: 'GIF', decoder: 'gif', matches: (b) => ['GIF87a', 'GIF89a'].includes(latin(b, 0, 6)) },
  {
    format: 'HEIC',
    decoder: 'libheif',
    matches: (b) => brandsOf(b).some((brand) => /^(?:hei[csxm]|hev[cx])$/.test(brand)),
  },
  { format: 'BMP', decoder: 'bmp', matches: (b) => latin(b, 0, 2) === 'BM' },
]

/** Common unsupported formats, which messages name. */
const others: readonly { readonly name: string; readonly matches: (bytes: Uint8Array) => boolean }[] = [
  { name: 'a film', matches: (b) => brandsOf(b).length > 0 },
  { name: 'SVG', matches: (b) => /<svg[\s>]/i.test(latin(b, 0, 1000)) },
  { name: 'PDF', matches: (b) => latin(b, 0, 5) === '%PDF-' },
]

/** Returns the format of a file, detected from its first bytes. */
export function signatureOf(bytes: Uint8Array): Signature | undefined {
  return signatures.find(({ matches }) => matches(bytes))
}

/** Returns why a file without such a signature is not read. */
export function reasonAgainst(bytes: Uint8Array): string {
  const formats = signatures.map(({ format }) => format).join(', ')
  const other = others.find(({ matches }) => matches(bytes))
  return `${other ? `it is ${other.name}, and` : 'it is'} not one of ${formats}`
}

/** Returns the major and compatible brands of an ISO base media file from its first box; none for other files. */
function brandsOf(bytes: Uint8Array): string[] {
  if (bytes.length < 16 || latin(bytes, 4, 8) !== 'ftyp') return []
  const size = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0)
  if (size < 16 || size % 4 !== 0 || size > Math.min(bytes.length, 4096)) return []
  const places = [8, ...Array.from({ length: (size - 16) / 4 }, (_, i) => 16 + 4 * i)]
  return places.map((place) => latin(bytes, place, place + 4))
}

function latin(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to))
}
