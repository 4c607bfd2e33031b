const key = 'wsban playground text'

/** Returns the text that was kept at the last visit; undefined without one, or where the browser keeps nothing for pages. */
export function keptText(): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

/** Keeps the text in the browser; false where it keeps nothing for pages. */
export function keepText(text: string): boolean {
  try {
    localStorage.setItem(key, text)
    return true
  } catch {
    return false
  }
}

export function forgetText(): void {
  try {
    localStorage.removeItem(key)
  } catch {
    // Nothing is kept there.
  }
}
