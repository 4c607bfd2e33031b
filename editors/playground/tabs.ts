import { byId } from './page.js'

/** Makes buttons of the role tab choose among panels, by the pointer or the arrow keys. `shown` is called with the id of each panel that comes to the front. */
export function openTabs(list: HTMLElement, shown: (panel: string) => void): void {
  const tabs = Array.from(list.querySelectorAll<HTMLButtonElement>('[role=tab]'))
  const choose = (chosen: HTMLButtonElement) => {
    for (const tab of tabs) {
      tab.setAttribute('aria-selected', String(tab === chosen))
      tab.tabIndex = tab === chosen ? 0 : -1
      byId(panelOf(tab), HTMLElement).hidden = panelOf(tab) !== panelOf(chosen)
    }
    shown(panelOf(chosen))
  }
  for (const [index, tab] of tabs.entries()) {
    tab.addEventListener('click', () => choose(tab))
    tab.addEventListener('keydown', ({ key }) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[key]
      const next = step === undefined ? undefined : tabs[(index + step + tabs.length) % tabs.length]
      if (!next) return
      next.focus()
      choose(next)
    })
  }
}

function panelOf(tab: HTMLElement): string {
  const panel = tab.getAttribute('aria-controls')
  if (panel === null) throw new Error(`the tab ${tab.textContent} has no panel`)
  return panel
}
