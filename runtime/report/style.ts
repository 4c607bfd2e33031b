/** The report's own look; light or dark as the reader's system is. */
export const style = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5d6778; --paper: #fbfbfd; --card: #fff; --line: #dfe3ea; --good: #1a7f4b; --bad: #b3362b;
  --c0: #2563c9; --c1: #c2571a; --c2: #1a8f63; --c3: #8a3fc0; --c4: #a88a10; --c5: #c02f6d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa4b5; --paper: #14171d; --card: #1c2028; --line: #313844; --good: #4cc38a; --bad: #f2786b;
  --c0: #6ea2ff; --c1: #f39a5d; --c2: #57d2a0; --c3: #c58bf2; --c4: #dcc04a; --c5: #f27db0; } }
* { box-sizing: border-box } body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif }
header, main { max-width: 1120px; margin: 0 auto; padding: 0 24px } header { padding-top: 32px } h1 { margin: 0; font-size: 28px } header p { margin: 4px 0 0; color: var(--soft) }
section { margin: 28px 0 } h2 { font-size: 19px; margin: 0 0 10px } section > p { color: var(--soft); margin: 0 0 12px }
.note { border-left: 3px solid var(--c1); padding: 6px 12px; background: var(--card) }
.cards { display: flex; flex-wrap: wrap; gap: 12px } .card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px 18px; min-width: 120px }
.card b { display: block; font-size: 24px } .card span { color: var(--soft); font-size: 13px }
.aside { font-size: 13px; margin-top: 8px } .charts { display: flex; flex-wrap: wrap; gap: 20px } figure { margin: 0; flex: 1 1 440px; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px }
figcaption { color: var(--soft); font-size: 13px } svg { width: 100%; height: auto; display: block } .grid { stroke: var(--line) } .tick { fill: var(--soft); font-size: 11px }
.line { fill: none; stroke-width: 2 } .line.c0, .dot.c0 { stroke: var(--c0) } .line.c1, .dot.c1 { stroke: var(--c1) } .line.c2, .dot.c2 { stroke: var(--c2) } .line.c3, .dot.c3 { stroke: var(--c3) } .line.c4, .dot.c4 { stroke: var(--c4) } .line.c5, .dot.c5 { stroke: var(--c5) }
.key { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin: 0 5px 0 8px; vertical-align: -1px } .key.c0 { background: var(--c0) } .key.c1 { background: var(--c1) } .key.c2 { background: var(--c2) } .key.c3 { background: var(--c3) } .key.c4 { background: var(--c4) } .key.c5 { background: var(--c5) }
.mark { stroke: var(--soft); stroke-dasharray: 4 4 } .bin { fill: var(--c0); fill-opacity: .65; stroke: var(--c0) } figure.square { max-width: 320px }
.beside { display: flex; flex-wrap: wrap; gap: 28px; align-items: flex-start } .beside svg { flex: 0 1 auto } table.pairs { width: auto; min-width: 300px } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
table.branches { max-width: 640px; font-size: 15px; margin-bottom: 10px } table.branches th { width: 1%; padding-right: 14px; font-weight: 600 } table.branches td.number { width: 1% } table.branches .bar, table.branches .bar i { height: 14px } .bar.joint i { background: var(--c2) }
summary h2 { display: inline } summary { cursor: pointer; margin-bottom: 10px }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(340px, 1fr)); gap: 16px } article { background: var(--card); border: 1px solid var(--line); border-top: 3px solid var(--good); border-radius: 10px; padding: 12px }
article.wrong { border-top-color: var(--bad) } .strip { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px } .strip img { width: 100%; aspect-ratio: 1; object-fit: contain; background: #0002; border-radius: 6px }
h3 { margin: 8px 0 4px; font-size: 15px } h3 small { color: var(--soft); font-weight: normal; overflow-wrap: anywhere } table { border-collapse: collapse; width: 100%; font-size: 13px } td, th { padding: 2px 8px 2px 0; text-align: left }
.good { color: var(--good) } .bad { color: var(--bad) } .hit { fill: var(--good) } .miss { fill: var(--bad) } .bar { background: var(--line); border-radius: 4px; height: 8px; min-width: 120px } .bar i { display: block; height: 8px; border-radius: 4px; background: var(--c0) }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 16px; margin: 0 } dt { color: var(--soft) } dd { margin: 0; overflow-wrap: anywhere } pre { overflow: auto; background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 12px; font-size: 12px }
`
