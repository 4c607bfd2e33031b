import type { ClassOrder } from '../../runtime/data/class_order.js'
import type { DataSet } from '../../runtime/data/dataset.js'
import { type OpenOptions, openDataSet } from '../../runtime/data/open.js'
import type { Io } from '../io.js'
import { select } from '../prompts.js'

export interface NewDataSet {
  readonly data: DataSet
  /** The order of its numbered classes, which a run stores. */
  readonly classOrder: ClassOrder
}

/**
 * Opens the data set of a new run. If its classes are numbered so that natural and plain order differ, and the command does not name one, the user at
 * a terminal is asked; otherwise the order is natural.
 *
 * @throws Cancelled, and the Failure of `openDataSet`
 */
export async function openNewDataSet(
  place: string,
  options: OpenOptions,
  mayAsk: boolean,
  io: Io,
): Promise<NewDataSet> {
  const data = await openDataSet(place, options)
  if (options.classOrder !== undefined || !data.orders || !mayAsk || !io.canAsk())
    return { data, classOrder: options.classOrder ?? 'natural' }
  const { natural, plain } = data.orders
  const classOrder = await select('The classes are numbered. Which order do they have? The run keeps it', [
    { value: 'natural', label: `By number: ${beginningOf(natural, plain)}` },
    { value: 'plain', label: `As text: ${beginningOf(plain, natural)}` },
  ])
  return { data: classOrder === 'natural' ? data : await openDataSet(place, { ...options, classOrder }), classOrder }
}

const mostNames = 8

/** Returns the names up to the first that differs from the other order and one more, or the last few of these. */
function beginningOf(names: readonly string[], other: readonly string[]): string {
  const end = names.findIndex((name, index) => name !== other[index]) + 2
  const begin = Math.max(0, end - mostNames)
  const shown = names.slice(begin, end).join(', ')
  return `${begin > 0 ? '..., ' : ''}${shown}${end < names.length ? ', ...' : ''}`
}
