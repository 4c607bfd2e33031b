const key = 'wsban playground text'

/** Returns the text of the last visit; undefined without one, or if the browser has no storage for the page. */
export function keptText(): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

/** Stores the text in the browser; false if it has no storage for the page. */
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
    // No storage for this page.
  }
}
