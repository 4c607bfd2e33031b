import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { elements, type Tensor, tensor } from '../../compiler/ops/support/tensor.js'
import { packageRoot } from '../../runtime/package_root.js'
import type { ReadyCase } from '../support/cases.js'
import { type CaseResult, subjectOf } from './cases.js'

/** One file per operation, with PyTorch's results for its cases: numbers in single precision as base64. */
export const recordedFolder = join(packageRoot(), 'test', 'pytorch', 'recorded')

const stored = z.object({ shape: z.array(z.number()), float32: z.base64() })
const recordedCase = z.object({
  /** The hash of the case's numbers and code. */
  sha256: z.string(),
  outputs: z.array(stored),
  gradients: z.record(z.string(), stored),
  parameters: z.record(z.string(), stored),
})
const recordedFile = z.object({ torch: z.string(), cases: z.record(z.string(), recordedCase) })
export type RecordedCase = z.infer<typeof recordedCase>
export type RecordedFile = z.infer<typeof recordedFile>

export function readRecorded(operation: string): RecordedFile {
  return recordedFile.parse(JSON.parse(readFileSync(join(recordedFolder, `${operation}.json`), 'utf8')))
}

export function recordedOperations(): string[] {
  return readdirSync(recordedFolder).map((file) => file.replace(/\.json$/, ''))
}

/** The version of torch that requirements.txt pins. */
export function pinnedTorch(): string {
  const text = readFileSync(join(packageRoot(), 'test', 'pytorch', 'requirements.txt'), 'utf8')
  const version = /^torch==(\S+)$/m.exec(text)?.[1]
  if (version === undefined) throw new Error('test/pytorch/requirements.txt pins no torch')
  return version
}

export function caseHash(one: ReadyCase): string {
  return createHash('sha256').update(subjectOf(one)).digest('hex')
}

export function toRecorded(one: ReadyCase, { outputs, gradients, parameters }: CaseResult): RecordedCase {
  return {
    sha256: caseHash(one),
    outputs: outputs.map(encode),
    gradients: mapValues(gradients, encode),
    parameters: mapValues(parameters, encode),
  }
}

export function fromRecorded({ outputs, gradients, parameters }: RecordedCase): CaseResult {
  return {
    outputs: outputs.map(decode),
    gradients: mapValues(gradients, decode),
    parameters: mapValues(parameters, decode),
  }
}

function encode({ shape, data }: Tensor) {
  const bytes = Buffer.alloc(4 * data.length)
  data.forEach((value, index) => {
    bytes.writeFloatLE(value, 4 * index)
  })
  return { shape: [...shape], float32: bytes.toString('base64') }
}

function decode({ shape, float32 }: z.infer<typeof stored>): Tensor {
  const bytes = Buffer.from(float32, 'base64')
  if (bytes.length !== 4 * elements(shape)) throw new Error(`${bytes.length} bytes for [${shape}]`)
  return tensor(
    shape,
    Array.from({ length: elements(shape) }, (_, index) => bytes.readFloatLE(4 * index)),
  )
}

function mapValues<From, To>(record: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
