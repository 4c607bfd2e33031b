import { stat } from 'node:fs/promises'
import * as z from 'zod'
import { architectureOf, publishedBackbone } from '../../../compiler/backbones/published.js'
import type { Graph } from '../../../compiler/graph/graph.js'
import { measure } from '../../../compiler/graph/measure.js'
import { signatureOf } from '../../../compiler/graph/signature.js'
import { Failure } from '../../../runtime/failure.js'
import type { Predictor } from '../../../runtime/inference/answer.js'
import { readOnnxMetadata } from '../../../runtime/inference/onnx_metadata.js'
import type { ComparedModel } from '../../../runtime/report/compared.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import type { LogRecord } from '../../../runtime/runs/log.js'
import { compileStored } from '../../../runtime/specs/spec.js'
import type { StoredSpec } from '../../../runtime/specs/stored.js'
import { storedSpec } from '../../../runtime/specs/stored_schema.js'
import type { Io } from '../../io.js'
import { requireClasses } from '../class_models.js'
import { type TrainingData, trainingDataOf } from '../evaluation_data.js'
import type { Classifier } from '../same_classes.js'
import { specHost } from '../spec.js'

/** A run or an exported file as it is stored, before it is evaluated. */
export interface StoredModel extends Classifier, Pick<Predictor, 'signature' | 'labelNames'> {
  readonly facts: Omit<ComparedModel, 'evaluation' | 'interval' | 'millisecondsPerImage'>
  readonly trained: TrainingData | undefined
  /** Top-1 on its validation split by epoch; empty for an exported file. */
  readonly curve: readonly (readonly [epoch: number, top1: number])[]
}

/** @throws Failure `run-unreadable`, `no-checkpoint`, `onnx-unreadable`, `onnx-foreign`, `weights-unreadable` */
export async function openStoredModel(source: string, io: Io): Promise<StoredModel> {
  return source.endsWith('.onnx') ? ofFile(source, io) : ofRun(source, io)
}

async function ofRun(source: string, io: Io): Promise<StoredModel> {
  const run = await RunFolder.open(source)
  const epochs = (await run.log.read()).flatMap(epochOf)
  const { signature, ...facts } = factsOf(source, run.info.spec, io)
  return {
    source,
    classes: run.info.classes,
    signature,
    labelNames: run.info.labelNames,
    facts: {
      ...facts,
      bytes: await sizeOf(run.weightsPath()),
      epochs: epochs.at(-1)?.epoch ?? 0,
      trainingSeconds: secondsOf(epochs),
    },
    trained: await trainingDataOf(source),
    curve: epochs.flatMap(({ epoch, val }) => (val.top1.joint === undefined ? [] : [[epoch, val.top1.joint] as const])),
  }
}

const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    context.addIssue('it is not JSON')
    return z.NEVER
  }
})

const fileMetadata = z.object({
  classes: jsonText.pipe(z.array(z.string())),
  label_names: jsonText.pipe(z.record(z.string(), z.array(z.string()))).optional(),
  spec: jsonText.pipe(storedSpec),
})

async function ofFile(source: string, io: Io): Promise<StoredModel> {
  const metadata = fileMetadata.safeParse(await readOnnxMetadata(source))
  if (!metadata.success)
    throw new Failure({
      code: 'onnx-foreign',
      message: `${source} is an ONNX file, but not one that wsban exported`,
      help: 'make one: wsban export RUN -o M.onnx',
      path: source,
    })
  const { signature, ...facts } = factsOf(source, metadata.data.spec, io)
  return {
    source,
    classes: metadata.data.classes,
    signature,
    labelNames: metadata.data.label_names,
    facts: { ...facts, bytes: await sizeOf(source) },
    trained: await trainingDataOf(source),
    curve: [],
  }
}

function factsOf(source: string, stored: StoredSpec, io: Io) {
  const { graph } = specHost(io).accept(compileStored(stored), source, 'run')
  const signature = signatureOf(graph)
  requireClasses(source, signature)
  return { signature, run: source, model: graph.name, backbones: backbonesOf(graph), ...measure(graph) }
}

/** Architectures that parameters of the model name, such as `trunk = "resnet50"`. */
function backbonesOf({ settings }: Graph): string[] {
  const names = Object.values(settings).flatMap((value) => {
    const published = typeof value === 'string' ? publishedBackbone(value) : undefined
    return published ? [architectureOf(published.name)] : []
  })
  return [...new Set(names)]
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    throw new Failure(
      {
        code: 'weights-unreadable',
        message: `${path} cannot be read`,
        help: 'restore the file, or leave this model out',
        path,
      },
      { cause: error },
    )
  }
}

const epochRecord = z.object({
  kind: z.literal('epoch'),
  epoch: z.number(),
  step: z.number(),
  secondsPerStep: z.number(),
  val: z.object({ top1: z.record(z.string(), z.number()) }),
})
type EpochRecord = z.infer<typeof epochRecord>

function epochOf(record: LogRecord): EpochRecord[] {
  const parsed = epochRecord.safeParse(record)
  return parsed.success ? [parsed.data] : []
}

/** The time of the training steps: those of each epoch at the mean that the log has for it. */
function secondsOf(epochs: readonly EpochRecord[]): number {
  return epochs.reduce(
    (sum, { step, secondsPerStep }, index) => sum + (step - (epochs[index - 1]?.step ?? 0)) * secondsPerStep,
    0,
  )
}
