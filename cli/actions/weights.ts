import { Failure } from '../../runtime/failure.js'
import { toFloat32 } from '../../runtime/weights/dtype.js'
import { writeEntries } from '../../runtime/weights/formats/safetensors.js'
import { openEntry } from '../../runtime/weights/open_weight_file.js'
import { published } from '../../runtime/weights/published.js'
import { pull, weightsPath } from '../../runtime/weights/resolve.js'
import type { WeightEntry, WeightFile } from '../../runtime/weights/weight_file.js'
import type { Io } from '../io.js'

/** Prints every tensor with its shape, type and range. Returns 1 if a value is not finite. */
export async function inspectWeights(source: string, entry: string | undefined, io: Io): Promise<number> {
  const file = await open(source, entry, io)
  try {
    const tensors = []
    for (const [name, entry] of file.entries) tensors.push({ name, ...(await described(entry)) })
    const values = tensors.reduce((sum, { count }) => sum + count, 0)
    const broken = tensors.filter(({ finite }) => !finite).map(({ name }) => name)
    const widest = Math.max(0, ...tensors.map(({ name }) => name.length))
    for (const { name, dtype, shape, low, high, finite } of tensors)
      io.print(
        `${name.padEnd(widest)}  ${dtype.padEnd(4)}  ${(shape.join(' x ') || 'one number').padEnd(20)} ${finite ? `${short(low)} to ${short(high)}` : 'holds values that are no numbers'}`,
      )
    io.print(`${file.format}: ${tensors.length} tensors, ${(values / 1e6).toFixed(1)} million values`)
    for (const [key, value] of Object.entries(file.metadata)) io.print(`  ${key}: ${value}`)
    if (broken.length > 0) io.print(`${broken.length} tensors hold NaN values: ${broken.slice(0, 5).join(', ')}`)
    io.json({ ok: broken.length === 0, path: file.path, format: file.format, metadata: file.metadata, values, tensors })
    return broken.length === 0 ? 0 : 1
  } finally {
    await file.close()
  }
}

export async function convertWeights(from: string, to: string, entry: string | undefined, io: Io): Promise<number> {
  if (!to.endsWith('.safetensors'))
    throw new Failure({
      code: 'wrong-usage',
      message: `${to} does not end in .safetensors, the only format that is written`,
      help: 'give the output file that extension',
      exit: 2,
    })
  const file = await open(from, entry, io)
  try {
    await writeEntries(to, file.entries, { ...file.metadata, source: from })
    io.print(`wrote ${to}: ${file.entries.size} tensors`)
    io.json({ ok: true, path: to, tensors: file.entries.size })
    return 0
  } finally {
    await file.close()
  }
}

export async function pullWeights(name: string | undefined, io: Io): Promise<number> {
  if (name === undefined) {
    for (const { name: known, block, note } of published) io.print(`${known.padEnd(34)} ${block.padEnd(20)} ${note}`)
    io.print('and any owner/name on the model hub with model.safetensors or pytorch_model.bin')
    io.json({ ok: true, published })
    return 0
  }
  const path = await pull(name, io.reporter)
  io.print(path)
  io.json({ ok: true, name, path })
  return 0
}

async function open(source: string, entry: string | undefined, io: Io): Promise<WeightFile> {
  return openEntry(await weightsPath(source, undefined, io.reporter), entry)
}

async function described({ dtype, shape, bytes }: WeightEntry) {
  const values = toFloat32(await bytes(), dtype)
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  let finite = true
  for (const value of values) {
    finite &&= Number.isFinite(value)
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return { dtype, shape, count: values.length, finite, ...(finite && values.length > 0 ? { low, high } : {}) }
}

function short(value: number | undefined): string {
  return value === undefined ? 'nothing' : String(Number(value.toPrecision(4)))
}
