import { elementAt, present } from '../../grammar/present.js'
import { Failure } from '../failure.js'
import { type BothOrders, type ClassOrder, sortClasses } from './class_order.js'
import { labelCells } from './formats/columns.js'
import type { DataLabel, Target, WantedLabel } from './label_inputs.js'
import { type Listed, listed, placeOf } from './listing.js'
import { brokenLine } from './text.js'

export interface Labelled {
  readonly labels: readonly DataLabel[]
  /** In the order of the images: the targets by label input. */
  readonly targets: readonly Readonly<Record<string, Target>>[]
  /** By label input, if the two orders of its names differ and no model determines one. */
  readonly orders: ReadonlyMap<string, BothOrders>
}

/**
 * Reads the columns of label inputs. Labels of one image are in one column, separated by semicolons, bars or commas, or in a column of 0 and 1 for
 * each (`traits_spots`); values in one column or in several. Names are those of the training images, in the order of `classOrder`.
 *
 * @throws Failure `label-columns` for a missing column, `data-classes` for a name that training images or the model lack, `list-broken`
 */
export function readLabels(
  root: string,
  images: readonly Listed[],
  wanted: readonly WantedLabel[],
  classOrder: ClassOrder,
): Labelled {
  const columns = wanted.map((label) => readColumn(root, images, label, wanted, classOrder))
  return {
    labels: columns.map(({ label }) => label),
    targets: images.map((_, index) =>
      Object.fromEntries(columns.map(({ label, targets }) => [label.name, elementAt(targets, index)])),
    ),
    orders: new Map(columns.flatMap(({ label, orders }) => (orders ? [[label.name, orders]] : []))),
  }
}

interface Column {
  readonly label: DataLabel
  readonly targets: readonly Target[]
  readonly orders?: BothOrders
}

function readColumn(
  root: string,
  images: readonly Listed[],
  label: WantedLabel,
  all: readonly WantedLabel[],
  order: ClassOrder,
): Column {
  const cells = images.map((image) => {
    const found = image.cells ? labelCells(image.cells, label.name) : undefined
    if (found && found.size > 0 && (label.kind !== 'Class' || found.has(''))) return found
    throw missingColumn(root, image, label, all)
  })
  if (label.kind === 'Value') return valueColumn(images, cells, label)
  const texts = cells.map((one, index) => namesIn(one, label, elementAt(images, index)))
  const trained = new Set(texts.flatMap((names, index) => (elementAt(images, index).split === 'train' ? names : [])))
  // A column of 0 and 1 names a label even where no image has it.
  for (const one of cells) for (const column of one.keys()) if (column !== '') trained.add(column)
  const sorted = label.names ? { classes: label.names } : sortClasses(trained, order)
  const names = sorted.classes
  const indices = new Map(names.map((name, index) => [name, index]))
  const indexOf = (name: string, image: Listed) => {
    const index = indices.get(name)
    if (index !== undefined) return index
    throw new Failure({
      code: 'data-classes',
      message: `${placeOf(image)}: ${label.name} ${JSON.stringify(name)} is not known ${label.names ? 'to the model' : 'from the training images'}`,
      help: `known are ${listed(names)}`,
      path: root,
    })
  }
  const targets = texts.map((found, index): Target => {
    const image = elementAt(images, index)
    if (label.kind === 'Class') return indexOf(elementAt(found, 0), image)
    const row = names.map(() => 0)
    for (const name of found) row[indexOf(name, image)] = 1
    return row
  })
  return {
    label: { name: label.name, kind: label.kind, names, size: names.length },
    targets,
    ...(sorted.orders && { orders: sorted.orders }),
  }
}

/** The class, or the names of the labels that an image has. */
function namesIn(cells: ReadonlyMap<string, string>, { name, kind }: WantedLabel, image: Listed): readonly string[] {
  const own = cells.get('')?.normalize('NFC').trim()
  if (kind === 'Class') {
    if (own) return [own]
    throw broken(image, `no ${name}`, 'each image has one class; leave images without one out')
  }
  if (own !== undefined)
    return [...new Set(own.split(/[;|,]/).flatMap((text) => (text.trim() === '' ? [] : [text.trim()])))]
  return [...cells].flatMap(([column, cell]) => {
    const mark = cell.trim().toLowerCase()
    if (/^(?:1|1\.0|true|yes|x)$/.test(mark)) return [column]
    if (/^(?:0|0\.0|false|no|)$/.test(mark)) return []
    throw broken(
      image,
      `${name}_${column} is ${JSON.stringify(cell)}`,
      'write 1 for an image that has the label and 0 for others',
    )
  })
}

function valueColumn(
  images: readonly Listed[],
  cells: readonly ReadonlyMap<string, string>[],
  label: WantedLabel,
): Column {
  const targets = cells.map((one, index) => {
    const image = elementAt(images, index)
    const own = one.get('')
    const texts = own === undefined ? [...one.values()] : own.trim().split(/\s*[;|]\s*|\s+/)
    return texts.map((text) => {
      const value = text.trim() === '' ? Number.NaN : Number(text)
      if (Number.isFinite(value)) return value
      throw broken(
        image,
        `${label.name} is ${JSON.stringify(text)}`,
        'write a number, with a point for decimals; leave images without one out',
      )
    })
  })
  const size = targets[0]?.length ?? 0
  const other = targets.findIndex((values) => values.length !== size)
  if (other >= 0)
    throw broken(
      elementAt(images, other),
      `${elementAt(targets, other).length} values of ${label.name}, and ${size} in the first row`,
      'give each image the same number of values',
    )
  return { label: { name: label.name, kind: label.kind, names: [], size }, targets }
}

function broken(image: Listed, reason: string, help: string): Failure {
  const { file, line } = present(image.origin, 'the row of an image')
  return brokenLine(file, line, reason, help)
}

function missingColumn(
  root: string,
  { cells, origin }: Listed,
  label: WantedLabel,
  all: readonly WantedLabel[],
): Failure {
  const header = ['image', ...all.map(({ name }) => name)].join(',')
  return new Failure({
    code: 'label-columns',
    message: cells
      ? `${origin?.file ?? root} has no column for ${label.name}; its columns are ${listed([...cells.keys()])}`
      : `${root} names one class for each image, and the model is trained with ${all.map(({ name }) => name).join(', ')}`,
    help: `give a list with a column for each label input: ${header}`,
    path: root,
  })
}
