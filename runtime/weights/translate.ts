import { toFloat32 } from './dtype.js'
import { type Layout, layouts } from './layouts.js'
import type { WeightEntry } from './weight_file.js'

interface Shaped {
  readonly shape: readonly number[]
}

type Entries = ReadonlyMap<string, WeightEntry>

export interface Translated {
  readonly entries: Entries
  /** The names of the file's layouts, if they differ from the model's. */
  readonly from: readonly string[]
  /** The eps of the batch norms of the layout, if known. */
  readonly eps?: number
}

/**
 * Renames the tensors of a checkpoint in a known layout to the model's names, after any prefix such as `module.`. A tensor that differs from the
 * model's by axes of size 1, or by flattened filters, has the model's shape in the result. A model that has the layout's own names keeps them.
 */
export function translate(entries: Entries, wanted: readonly (Shaped & { readonly name: string })[]): Translated {
  const shapes = shapesBySuffix(wanted)
  let current = entries
  const from: string[] = []
  let eps: number | undefined
  for (const layout of layouts) {
    const prefixes = shapes.has(layout.sign) ? [] : prefixesOf(current, layout)
    if (prefixes.length === 0) continue
    from.push(layout.name)
    eps ??= layout.eps
    current = rename(current, layout, prefixes, shapes)
    if (layout.embedsClassToken) for (const prefix of prefixes) current = addClassPosition(current, prefix)
  }
  return { entries: current, from, ...(eps !== undefined && { eps }) }
}

/** The model's shapes by each suffix of a parameter's name: `trunk.blocks.0.norm1.weight` is also `norm1.weight`. */
function shapesBySuffix(wanted: readonly (Shaped & { readonly name: string })[]): Map<string, (readonly number[])[]> {
  const shapes = new Map<string, (readonly number[])[]>()
  for (const { name, shape } of wanted)
    for (let start = 0; start >= 0; start = name.indexOf('.', start) + 1 || -1) {
      const suffix = name.slice(start)
      shapes.set(suffix, [...(shapes.get(suffix) ?? []), shape])
    }
  return shapes
}

function prefixesOf(entries: Entries, { sign, also }: Layout): string[] {
  return [...entries.keys()].flatMap((key) => {
    if (key !== sign && !key.endsWith(`.${sign}`)) return []
    const prefix = key.slice(0, key.length - sign.length)
    return also === undefined || entries.has(prefix + also) ? [prefix] : []
  })
}

function rename(
  entries: Entries,
  { renamings, flattensFilters }: Layout,
  prefixes: readonly string[],
  shapes: ReadonlyMap<string, readonly (readonly number[])[]>,
): Entries {
  const renamed = new Map<string, WeightEntry>()
  for (const [key, entry] of entries) {
    const prefix = prefixes.filter((one) => key.startsWith(one)).sort((a, b) => b.length - a.length)[0]
    if (prefix === undefined) {
      renamed.set(key, entry)
      continue
    }
    const names = renamings.reduce(
      (all, [pattern, ...others]) =>
        all.flatMap((name) => (pattern.test(name) ? others.map((other) => name.replace(pattern, other)) : [name])),
      [key.slice(prefix.length)],
    )
    const fitting = names.flatMap((name) => {
      const shape = shapes.get(name)?.find((one) => fits(one, entry.shape, flattensFilters === true))
      return shape ? [{ name, shape }] : []
    })[0]
    const name = prefix + (fitting?.name ?? names[0] ?? key)
    const shaped = fitting ? { dtype: entry.dtype, shape: fitting.shape, bytes: () => entry.bytes() } : entry
    const taken = name !== key && (entries.has(name) || renamed.has(name))
    renamed.set(taken ? key : name, taken ? entry : shaped)
  }
  return renamed
}

/** Whether a tensor of the file has the model's shape, apart from axes of size 1 and, if filters are flattened, from the axes after the first. */
function fits(wanted: readonly number[], given: readonly number[], flattened: boolean): boolean {
  if (squeezed(wanted) === squeezed(given)) return true
  const [filters, ...rest] = wanted
  const size = rest.reduce((product, length) => product * length, 1)
  return flattened && given.length === 2 && given[0] === filters && given[1] === size
}

/** A shape without its axes of size 1. */
function squeezed(shape: readonly number[]): string {
  return shape.filter((size) => size !== 1).join()
}

/** The first row of the position embedding belongs to the class token: it is added to the token, and the others are the patches'. */
function addClassPosition(entries: Entries, prefix: string): Entries {
  const [token, positions] = [entries.get(`${prefix}cls_token`), entries.get(`${prefix}pos_embed`)]
  const [one, rows = 0, features = 0] = positions?.shape ?? []
  if (!token || !positions || positions.shape.length !== 3 || one !== 1 || rows < 2) return entries
  if (token.shape.reduce((product, size) => product * size, 1) !== features) return entries
  const sum = async () => {
    const [own, placed] = [await valuesOf(token), await valuesOf(positions)]
    return bytesOf(own.map((value, index) => value + (placed[index] ?? 0)))
  }
  const rest = async () => bytesOf((await valuesOf(positions)).subarray(features))
  return new Map(entries)
    .set(`${prefix}cls_token`, { dtype: 'F32', shape: token.shape, bytes: sum })
    .set(`${prefix}pos_embed`, { dtype: 'F32', shape: [1, rows - 1, features], bytes: rest })
}

async function valuesOf(entry: WeightEntry): Promise<Float32Array> {
  return toFloat32(await entry.bytes(), entry.dtype)
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
