/** @throws Error for an element that the page lacks */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

export function say(text: string): void {
  byId('status', HTMLElement).textContent = text
}

/** Runs an action, and shows its error if it fails. */
export async function doing(title: string, work: () => Promise<void>): Promise<void> {
  say(`${title} …`)
  try {
    await work()
  } catch (error) {
    say(`That did not work: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Downloads a file that the page has created. */
export function save(name: string, bytes: Uint8Array<ArrayBuffer> | string, type: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([bytes], { type }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
