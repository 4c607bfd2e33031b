/** Returns a JPEG as an address that a page holds itself. */
export function jpegUri(bytes: Uint8Array): string {
  return `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`
}
