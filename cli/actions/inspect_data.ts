import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import type { ClassOrder } from '../../runtime/data/class_order.js'
import type { DataSet } from '../../runtime/data/dataset.js'
import { inspectData } from '../../runtime/data/inspect/inspect.js'
import type { Inspection } from '../../runtime/data/inspect/inspection.js'
import { counted } from '../../runtime/data/listing.js'
import { openDataSet } from '../../runtime/data/open.js'
import type { Io } from '../io.js'

/** The number of unreadable and duplicate images to show; --json has all. */
const shown = 20

export interface InspectRequest {
  readonly seed: number
  readonly maxUnreadable: number
  readonly classOrder?: ClassOrder
}

/** `wsban data inspect`: returns 1 if there are problems that prevent training. */
export async function inspectFolder(
  place: string,
  { seed, maxUnreadable, classOrder }: InspectRequest,
  io: Io,
): Promise<number> {
  const data = await openDataSet(place, { seed, ...(classOrder && { classOrder }) })
  const found = await inspectData(data, maxUnreadable, io.reporter)
  const ok = found.findings.every(({ severity }) => severity !== 'error')
  io.printText(inspectionText(data, found))
  io.json({ ok, ...found, classes: data.classes, perClass: found.classes, notes: data.notes })
  return ok ? 0 : 1
}

/** The report for a terminal. */
export function inspectionText({ notes }: DataSet, found: Inspection): string {
  const { images, classes, sizes, unreadable, doubles, findings, withBox } = found
  const splits = Object.entries(images).map(([split, count]) => `${split} ${count}`)
  const size = ([width, height]: readonly [number, number]) => `${width} x ${height}`
  const unreadableLines = unreadable.map(({ reason }) => `  ${reason}`)
  const doubleLines = doubles.map(
    ({ kind, images: group }) =>
      `  ${kind}: ${group.map(({ path, split, class: name }) => `${path} (${split}, ${JSON.stringify(name)})`).join(' = ')}`,
  )
  return [
    ...notes,
    `${counted(classes.length, 'class', 'classes')} · ${splits.join(' · ')}${withBox > 0 ? ` · ${withBox} with a true box` : ''}`,
    ...(sizes
      ? [`sizes: ${size(sizes.smallest)} to ${size(sizes.largest)}, half of them up to ${size(sizes.median)}`]
      : []),
    ...table(found),
    ...some('cannot be read:', unreadableLines),
    ...some('more than once:', doubleLines),
    ...(findings.length === 0
      ? ['nothing to put right']
      : findings.flatMap(({ severity, code, message, help }) => [
          `${severity}[${code}]: ${message}`,
          `  help: ${help}`,
        ])),
  ]
    .map(safeLine)
    .join('\n')
}

function table({ classes }: Inspection): string[] {
  const width = Math.max(5, ...classes.map(({ name }) => name.length))
  const row = (name: string, ...counts: readonly (string | number)[]) =>
    `  ${name.padEnd(width)}${counts.map((count) => String(count).padStart(7)).join('')}`
  return [
    row('class', 'train', 'val', 'test'),
    ...classes.map(({ name, train, val, test }) => row(name, train, val, test)),
  ]
}

function some(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return []
  const rest = lines.length - shown
  return [title, ...lines.slice(0, shown), ...(rest > 0 ? [`  and ${rest} more; --json names all`] : [])]
}
