import type { Markup } from '../../report/markup.js'

/** Returns an element of the page. @throws Error if the page has none of that kind under the name */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${id}`)
}

const rendered = new WeakMap<Element, string>()

/** Shows the markup in the element. Unchanged markup is left in place, which keeps focus and selection. */
export function show(place: Element, { text }: Markup): void {
  if (rendered.get(place) === text) return
  rendered.set(place, text)
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined
  place.innerHTML = text
  if (focused === undefined) return
  const again = Array.from(place.querySelectorAll<HTMLElement>('[data-key]')).find(
    ({ dataset }) => dataset.key === focused,
  )
  again?.focus()
}
