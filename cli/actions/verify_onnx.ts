import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import * as z from 'zod'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { withThreshold } from '../../compiler/graph/skipping.js'
import { present } from '../../grammar/present.js'
import { labelColumns } from '../../runtime/data/label_inputs.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { tunedCascade } from '../../runtime/export/cascade.js'
import { classNamesOf } from '../../runtime/export/metadata.js'
import { Failure } from '../../runtime/failure.js'
import type { RgbImage } from '../../runtime/images/rgb_image.js'
import { type Answer, argMax, isBoxOutput, predictsClasses } from '../../runtime/inference/answer.js'
import { type InnerDifference, innerDifferences } from '../../runtime/inference/deep.js'
import { type Difference, differenceOf, larger } from '../../runtime/inference/difference.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { openOnEngine, storeOf } from '../../runtime/inference/open.js'
import type { WantedRuntime } from '../../runtime/inference/runtime_names.js'
import { parsedJson } from '../../runtime/parsed_json.js'
import { dataOf } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { openWeighted, type WeightedSpec } from '../../runtime/specs/weighted.js'
import type { Io } from '../io.js'
import { type ComparedImages, imagesFor } from './compared_images.js'
import { exportedFile } from './export_model.js'
import { runInUse } from './run_in_use.js'
import { specHost } from './spec.js'

interface Limits {
  /** Relative to the largest value of each output. */
  readonly tolerance: number
  /** The smallest share of images with the same top-1. */
  readonly agreement: number
}

/**
 * In single precision, a larger difference indicates a different computation. In half precision, a cell near the threshold may change, and with it
 * the crop, but the top-1 should not. In int8, a few answers change.
 */
const limits = {
  fp32: { tolerance: 1e-4, agreement: 1 },
  fp16: { tolerance: Number.POSITIVE_INFINITY, agreement: 0.99 },
  int8: { tolerance: Number.POSITIVE_INFINITY, agreement: 0.95 },
} satisfies Record<string, Limits>

const precisions = z.enum(['fp32', 'fp16', 'int8'])

/** Intermediate values may differ more than outputs, since later layers reduce the differences. */
const innerTolerance = { fp32: 1e-3, fp16: 5e-2 }

export interface VerifyOptions extends ComparedImages {
  readonly against?: string
  readonly weights?: string
  readonly weightsEntry?: string
  readonly deep?: boolean
  readonly engine?: EngineName
  readonly set?: ModelSettings
  /** Another runtime, which is compared with ONNX Runtime instead of the engine. */
  readonly runtime?: WantedRuntime
}

type VerifyRequest = VerifyOptions & { readonly against: string }

/**
 * Compares an exported file with the engine, output by output. 0 when they agree.
 *
 * @param given the file; that of the last run here without
 */
export async function verifyOnnx(given: string | undefined, options: VerifyOptions, io: Io): Promise<number> {
  const file = given ?? join(options.against ?? (await runInUse(undefined, io)), exportedFile)
  const against = options.against ?? dirname(file)
  if (options.runtime) {
    const data = options.data ?? (await imagesOfRun(against, io))
    return compareRuntime(file, { ...options, runtime: options.runtime, ...(data !== undefined && { data }) }, io)
  }
  if (options.against === undefined && !RunFolder.exists(against))
    throw new Failure({
      code: 'wrong-usage',
      message: `which run or spec was ${file} exported from?`,
      help: 'add --against RUN',
      exit: 2,
    })
  const data = options.data ?? (await imagesOfRun(against, io))
  return compareWithEngine(file, { ...options, against, ...(data !== undefined && { data }) }, io)
}

/** @throws Failure `wrong-usage` for flags about the engine, which is not used */
async function compareRuntime(
  file: string,
  options: VerifyOptions & { readonly runtime: WantedRuntime },
  io: Io,
): Promise<number> {
  const { against, weights, weightsEntry, deep, engine, set } = options
  const flags = { '--against': against, '--weights': weights, '--weights-entry': weightsEntry, '--deep': deep }
  const [flag] = Object.entries({ ...flags, '--engine': engine, '--set': set }).find(([, value]) => value) ?? []
  if (flag !== undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: `--runtime compares the file with ONNX Runtime, and ${flag} is about the engine`,
      help: `leave out ${flag}, or --runtime`,
      exit: 2,
    })
  const { verifyRuntime } = await import('./verify_runtime.js')
  return verifyRuntime(file, options.runtime, options, io)
}

/** Returns the place of the images that a run was trained on; undefined for a spec, and if they are no longer there. */
async function imagesOfRun(against: string, io: Io): Promise<string | undefined> {
  if (!RunFolder.exists(against)) return undefined
  const data = dataOf(await RunFolder.open(against))
  const found = existsSync(data)
  io.reporter.say(
    found
      ? `images: ${data}, as in training`
      : `${data}, the images of ${against}, is not there: only noise is compared`,
  )
  return found ? data : undefined
}

async function compareWithEngine(file: string, request: VerifyRequest, io: Io): Promise<number> {
  const onnx = await OnnxPredictor.open(file, io.reporter)
  const given = await openWeighted(
    request.against,
    {
      ...(request.weights !== undefined && { weights: request.weights }),
      ...(request.weightsEntry !== undefined && { weightsEntry: request.weightsEntry }),
      ...(request.set && { set: request.set }),
    },
    specHost(io),
    { initialSeed: request.seed },
  )
  const weighted = withTunedCascade(given, onnx.metadata)
  sameModel(file, request.against, onnx.classes, classNamesOf(weighted.spec.graph, weighted.classes))
  const precision = precisions.catch('fp32').parse(onnx.metadata.precision)
  if (request.deep && precision === 'int8')
    throw new Failure({
      code: 'wrong-usage',
      message: `--deep finds the first value that differs, and in ${file} (int8) all do: they are quantised to 256 levels`,
      help: 'leave --deep out, or export in fp32 and look into that',
      exit: 2,
    })
  const engine = await openOnEngine(weighted, request.engine, request.seed, specHost(io))
  const labels = engine.signature ? labelColumns(engine.signature, engine.labelNames ?? {}) : []
  const differences = new Map<string, Difference>()
  const { tolerance, agreement } = limits[precision]
  let [agree, sameBoxes, count] = [0, 0, 0]
  let early: number | undefined
  let worstImage = ''
  let worst = -1
  let shown: RgbImage | undefined
  for await (const { name, image: given } of imagesFor(request, labels)) {
    const image = onnx.model.fitted(given)
    shown = image
    const [[expected], [found]] = await Promise.all([engine.predict([image]), onnx.predict([image])])
    if (!expected || !found) throw new Error('no answer for an image')
    const own = compare(expected, found)
    for (const [output, difference] of own) differences.set(output, larger(differences.get(output), difference))
    const largest = Math.max(...[...own.values()].map(({ relative }) => relative))
    if (largest > worst) [worst, worstImage] = [largest, name]
    const boxes = [...own].filter(([output]) => isBoxOutput(output))
    sameBoxes += Number(boxes.every(([, { absolute }]) => absolute < 1e-6))
    if (expected.early !== undefined) early = (early ?? 0) + Number(expected.early)
    agree += Number(argMax(expected.probabilities) === argMax(found.probabilities))
    count++
    io.reporter.progress(`${count} ${count === 1 ? 'image' : 'images'} compared`)
  }
  await Promise.all([onnx.close(), engine.close()])
  const classes = predictsClasses(engine.signature)
  const good =
    (!classes || agree >= agreement * count) && [...differences.values()].every(({ relative }) => relative <= tolerance)
  for (const [output, { absolute, relative }] of differences)
    io.print(
      `${output.padEnd(16)} largest difference ${absolute.toExponential(1)}, relative ${relative.toExponential(1)}`,
    )
  const same = [
    ...(classes ? [`same top-1 on ${agree} of ${count} images`] : []),
    ...(differences.has('boxes') ? [`same box on ${sameBoxes}${classes ? '' : ` of ${count} images`}`] : []),
  ]
  if (same.length > 0) io.print(same.join(', '))
  if (early !== undefined) io.print(`${early} of ${count} images keep the first prediction of the cascade`)
  const rounded = precision !== 'fp32'
  const rule = rounded ? `at least ${agreement * 100} % with the same top-1` : `tolerance ${tolerance}`
  io.print(
    good
      ? `${file} computes what the engine computes (${rule})`
      : `${file} differs from the engine by more than is allowed (${rule}), most on ${worstImage}`,
  )
  if (!good) io.print(reasonToDiffer(onnx.metadata, weighted))
  const inner =
    request.deep && shown
      ? await innerDifferences({
          graph: weighted.spec.graph,
          entry: weighted.spec.stored.entry,
          weights: (parameters) => storeOf(weighted, parameters, request.seed),
          path: file,
          image: shown,
        })
      : undefined
  const first = inner?.find(({ relative }) => relative > innerTolerance[precision === 'fp16' ? 'fp16' : 'fp32'])
  if (inner) io.print(deepText(inner, first, weighted.spec.stored.files))
  io.json({
    ok: good,
    tolerance: rounded ? null : tolerance,
    agreement,
    images: count,
    ...(classes && { sameTop1: agree }),
    sameBoxes,
    ...(early !== undefined && { early }),
    differences: Object.fromEntries(differences),
    worstImage,
    ...(inner && { valuesCompared: inner.length, firstDifferent: first ?? null }),
  })
  return good ? 0 : 1
}

function deepText(
  inner: readonly InnerDifference[],
  first: InnerDifference | undefined,
  texts: Readonly<Record<string, string>>,
): string {
  const largest = inner.reduce((most, { relative }) => Math.max(most, relative), 0)
  if (!first) return `${inner.length} values inside compared: relative difference at most ${largest.toExponential(1)}`
  const line = present(texts[first.source], `the text of ${first.source}`).slice(0, first.start).split('\n').length
  return `of ${inner.length} values inside the first that differs is ${first.name} (${first.operation}, ${first.source}:${line}): relative ${first.relative.toExponential(1)}`
}

/** Returns whether the file is of this model; others are not compared. */
function sameModel(file: string, against: string, found: readonly string[], expected: readonly string[]): void {
  if (found.length === expected.length) return
  throw new Failure({
    code: 'verify-other-model',
    message: `${file} knows ${found.length} classes, ${against} ${expected.length}: it is not an export of it`,
    help: 'give the run or the spec that the file was exported from, with the same --set',
  })
}

/** Returns reasons for a difference from the file's metadata. */
function reasonToDiffer({ spec, weights }: Readonly<Record<string, string>>, weighted: WeightedSpec): string {
  if (spec !== JSON.stringify(weighted.spec.stored))
    return 'the file was exported from another spec, or with another --set'
  const allRandom = weights?.startsWith('random') === true
  return allRandom === (weighted.weights === undefined)
    ? 'the spec is the same: the weights may be those of another training, seed or checkpoint'
    : `the spec is the same, but the file's weights are ${weights}, and these are ${weighted.weights ? `from ${weighted.weights.path}` : 'random'}`
}

type Pair = readonly [output: string, ArrayLike<number> | undefined, ArrayLike<number> | undefined]

function compare(expected: Answer, found: Answer): Map<string, Difference> {
  const pairs: Pair[] = [
    ...(expected.predictions
      ? Object.entries(expected.predictions).map(([name, row]): Pair => [name, row, found.predictions?.[name]])
      : [['probabilities', expected.probabilities, found.probabilities] as const]),
    ['early', earlyNumbers(expected), earlyNumbers(found)],
    ['boxes', expected.box, found.box],
    ['attention', expected.attention?.values, found.attention?.values],
    ...Object.entries(expected.crops ?? {}).flatMap(([name, { box, attention }]): Pair[] => [
      [`boxes/${name}`, box, found.crops?.[name]?.box],
      [`attention/${name}`, attention.values, found.crops?.[name]?.attention.values],
    ]),
    ...Object.keys(expected.logits).map(
      (branch): Pair => [`logits/${branch}`, expected.logits[branch], found.logits[branch]],
    ),
  ]
  return new Map(pairs.flatMap(([name, a, b]) => (a ? [[name, differenceOf(a, b)] as const] : [])))
}

function earlyNumbers({ early }: Answer): readonly number[] | undefined {
  return early === undefined ? undefined : [Number(early)]
}

/** The model with the threshold that the file's cascade was exported with. */
function withTunedCascade(weighted: WeightedSpec, metadata: Readonly<Record<string, string>>): WeightedSpec {
  const tuned = tunedCascade.safeParse(parsedJson(metadata.cascade)).data
  if (!tuned) return weighted
  const graph = withThreshold(weighted.spec.graph, tuned.prediction, tuned.sure)
  return { ...weighted, spec: { ...weighted.spec, graph } }
}
