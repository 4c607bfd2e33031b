import { basename } from 'node:path'
import { type Signature, signatureOf } from '../../compiler/graph/signature.js'
import { viewOf } from '../../compiler/graph/view.js'
import type { FixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import type { ResizeLowering } from '../../compiler/targets/onnx/resize_lowering.js'
import { dataOptions, type KnownLabels } from '../../runtime/data/model_data.js'
import { openDataSet } from '../../runtime/data/open.js'
import type { CascadeTrial, TunedCascade } from '../../runtime/export/cascade.js'
import { type Accuracy, percent, type Speed } from '../../runtime/export/eight_bits.js'
import { classNamesOf } from '../../runtime/export/metadata.js'
import { exportOnnx, type Precision } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import { kindOf } from '../../runtime/files.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { shellWord } from '../../runtime/shell_word.js'
import type { CompletedWeights } from '../../runtime/specs/completed.js'
import { openWeighted, type SpecOptions } from '../../runtime/specs/weighted.js'
import type { InitialValues } from '../../runtime/weights/initial_values.js'
import { namedWeights } from '../../runtime/weights/initial_weights.js'
import { WrittenFiles } from '../../runtime/written_files.js'
import type { Io } from '../io.js'
import { requireClassesFirst } from './class_models.js'
import { runInUse } from './run_in_use.js'
import { specHost } from './spec.js'

export interface ExportOptions extends SpecOptions {
  readonly out?: string
  readonly seed: number
  readonly precision: Precision['name']
  readonly data?: string
  readonly maxDrop: number
  /** The percentage points of top-1 that tuning a cascade may lose. */
  readonly cascade?: number
  readonly input: 'image' | 'tensor'
  readonly opset: number
  readonly resize: ResizeLowering
  readonly portable?: boolean
  readonly batch?: number
  readonly imageSize?: Pick<FixedSizes, 'height' | 'width'>
  readonly functions?: boolean
  readonly fusePasses?: boolean
  readonly without?: readonly string[]
  readonly page?: string
  readonly title?: string
  /** Sample photos for the page. */
  readonly sample?: readonly string[]
  /** The folder of a model repository of Triton. */
  readonly triton?: string
  readonly check: boolean
}

/** With the output path; a file in a run's folder is replaced only if it is unchanged since wsban wrote it. */
type ExportRequest = ExportOptions & { readonly out: string }

/** The exported file in a run's folder, by default. */
export const exportedFile = 'model.onnx'

/** @param given a run, a spec or the name of a model; the last run here without */
export async function exportModel(given: string | undefined, options: ExportOptions, io: Io): Promise<number> {
  const source = await runInUse(given, io)
  if (options.out !== undefined) return exportTo(source, { ...options, out: options.out }, io)
  if (RunFolder.exists(source)) {
    const files = await WrittenFiles.open(source)
    return files.writeBy(exportedFile, (out) => exportTo(source, { ...options, out }, io))
  }
  const out = `${basename(source, '.wsban')}.onnx`
  if ((await kindOf(out)) === undefined) return exportTo(source, { ...options, out }, io)
  throw new Failure({
    code: 'file-exists',
    message: `${out} exists already`,
    help: `name the file: -o ${out} replaces it`,
    path: out,
    exit: 2,
  })
}

async function exportTo(source: string, request: ExportRequest, io: Io): Promise<number> {
  if (request.page !== undefined && request.input === 'tensor')
    throw new Failure({
      code: 'wrong-usage',
      message: '--page needs a file whose input is images',
      help: 'leave out --input tensor, or --page',
      exit: 2,
    })
  checkPageOptions(request)
  checkPortable(request)
  const sizes = fixedSizes(request)
  const page =
    request.page === undefined
      ? undefined
      : await (await import('./exported_page.js')).ExportedPage.open(request.page, request)
  const {
    spec,
    classes,
    labelNames,
    weights: found,
    metrics,
    calibration,
    seed,
    holdOut,
    samples,
  } = await openWeighted(source, request, specHost(io), {
    initialSeed: request.seed,
  })
  const triton =
    request.triton === undefined
      ? undefined
      : await (await import('../../runtime/export/triton.js')).TritonRepository.open(request.triton, spec.graph.name)
  if (request.page !== undefined || request.precision === 'int8') requireClassesFirst(source, signatureOf(spec.graph))
  const weights = await found?.open()
  if (!weights && request.weights === undefined && spec.graph.pretrained.length > 0)
    io.reporter.warn(`${source} names weights, which are not loaded: --weights ${namedWeights} loads them`)
  for (const line of weights?.lines ?? []) io.reporter.say(line)
  if (weights?.initial) io.reporter.warn(initialText(request.weights ?? source, weights.parts, weights.initial))
  const random = randomText(weights, request.seed)
  const classNames = classNamesOf(spec.graph, classes)
  const known = { seed: seed ?? 1, holdOut, classes, labelNames }
  const precision = await precisionFor(request, known, signatureOf(spec.graph), io)
  const cascade = await cascadeTrial(request, known, signatureOf(spec.graph), io)
  if (cascade && calibration)
    io.reporter.warn(
      'the run was calibrated with the threshold of its spec: set `sure` there to the new one, and calibrate again',
    )
  try {
    const exported = await exportOnnx({
      graph: spec.graph,
      stored: spec.stored,
      classes: classNames,
      ...(labelNames && { labelNames }),
      path: request.out,
      input: request.input,
      opset: request.opset,
      resize: request.resize,
      ...(request.portable && { portable: true }),
      ...(sizes && { sizes }),
      precision,
      ...(cascade && { cascade }),
      weights: weights ?? { seed: request.seed },
      functions: request.functions ?? false,
      fusePasses: request.fusePasses ?? false,
      unchecked: !request.check,
      ...(request.without && { without: request.without }),
      ...(seed !== undefined && { seed }),
      ...(holdOut !== undefined && { holdOut }),
      ...(samples !== undefined && { samples }),
      ...(metrics && { metrics }),
      ...(calibration && { calibration }),
    })
    if (page) {
      await page.write({
        name: spec.graph.name,
        subtitle: random === undefined ? `${classNames.length} classes` : `${random}: the answers mean nothing`,
        classes: classNames,
        view: viewOf(spec.graph.image.steps),
        model: exported.resized() ?? request.out,
        ...(calibration && { calibration }),
      })
      io.print(`wrote ${page.file}: open it in a browser`)
    }
    if (triton) {
      await triton.write(request.out, io.reporter)
      io.print(`wrote ${triton.folder}: a model of the Triton repository ${request.triton}`)
    }
    const how = random === undefined ? '' : `, ${random}`
    io.print(`wrote ${request.out}: ${(exported.bytes / 1e6).toFixed(1)} MB${how}`)
    if (request.check && exported.unchecked !== undefined)
      io.reporter.warn(`not checked: ONNX Runtime could not be loaded: ${exported.unchecked}`)
    if (request.fusePasses && !exported.fused)
      io.print('no two passes of this model share weights: --fuse-passes changed nothing')
    if (exported.accuracy) io.print(accuracyText(exported.accuracy))
    if (exported.speed) io.print(speedText(exported.speed))
    if (exported.speed && exported.speed.int8 >= exported.speed.fp32)
      io.reporter.warn(
        'int8 is not faster than fp32 on this machine: use --precision fp32 here, unless the file has to be small',
      )
    if (exported.cascade) io.print(cascadeText(exported.cascade))
    io.next(`wsban verify ${shellWord(request.out)} --against ${shellWord(source)}`)
    io.json({
      ok: true,
      path: request.out,
      page: page?.file ?? null,
      bytes: exported.bytes,
      nodes: exported.nodes,
      opset: request.opset,
      precision: precision.name,
      fused: exported.fused,
      checked: exported.unchecked === undefined,
      accuracy: exported.accuracy ?? null,
      speed: exported.speed ?? null,
      cascade: exported.cascade ?? null,
      weights: found?.path ?? null,
      seed: random === undefined ? null : request.seed,
    })
    return 0
  } finally {
    await weights?.close()
  }
}

/** @throws Failure `wrong-usage` for flags about a page without --page */
function checkPageOptions({ page, title, sample }: ExportRequest): void {
  const flag = title !== undefined ? '--title' : sample !== undefined ? '--sample' : undefined
  if (page !== undefined || flag === undefined) return
  throw new Failure({
    code: 'wrong-usage',
    message: `${flag} is about the web page, and none is written`,
    help: `add --page FOLDER, or leave out ${flag}`,
    exit: 2,
  })
}

/** @throws Failure `wrong-usage` for flags that need operators which a portable file must not have */
function checkPortable({ portable, resize, functions, fusePasses, cascade }: ExportRequest): void {
  const other = [
    resize === 'operator' && '--resize operator',
    functions && '--functions',
    fusePasses && '--fuse-passes',
    cascade !== undefined && '--cascade',
  ].find((flag) => typeof flag === 'string')
  if (!portable || other === undefined) return
  throw new Failure({
    code: 'wrong-usage',
    message: `a portable file has no Loop, If, Resize or functions, and ${other} writes one of them`,
    help: `leave out --portable, or ${other}`,
    exit: 2,
  })
}

/** @throws Failure `wrong-usage` for a size that the input does not have */
function fixedSizes({ batch, imageSize, input, page }: ExportRequest): FixedSizes | undefined {
  if (batch === undefined && imageSize === undefined) return undefined
  const wrong = (message: string, help: string) => new Failure({ code: 'wrong-usage', message, help, exit: 2 })
  if (imageSize && input === 'tensor')
    throw wrong(
      '--image-size is for files whose input is images',
      'leave out --image-size: tensors have the size of the model',
    )
  if (page !== undefined)
    throw wrong('the page shows images of any size, one at a time', 'leave out --batch and --image-size, or --page')
  return { ...(batch !== undefined && { batch }), ...imageSize }
}

/** Describes which weights are random, if any. */
function randomText(weights: CompletedWeights | undefined, seed: number): string | undefined {
  if (!weights) return `random weights from seed ${seed}`
  return weights.initial && `partly random weights from seed ${seed}`
}

/** Returns the warning that names the random weights beside those of a file, or of those that the spec names. */
function initialText(file: string, parts: readonly string[], { names, seed }: InitialValues): string {
  const held = parts.includes('')
    ? 'not all weights of the model'
    : `the weights of ${parts.map((part) => part.slice(0, -1)).join(', ')} only`
  const [first = ''] = names
  const others = names.length === 1 ? `${first} is` : `${first} and ${names.length - 1} more are`
  return `${file === namedWeights ? 'the spec names' : `${file} holds`} ${held}: ${others} random, from seed ${seed}`
}

/** For int8, ranges are measured on images of train, and the loss of accuracy on val. */
async function precisionFor(
  { precision: name, data, maxDrop }: ExportRequest,
  known: Omit<KnownLabels, 'classes'> & { readonly classes: readonly string[] | undefined },
  signature: Signature | undefined,
  { reporter }: Io,
): Promise<Precision> {
  if (name !== 'int8') return { name }
  if (data === undefined)
    throw new Failure({
      code: 'wrong-usage',
      message: 'int8 needs images for calibration',
      help: 'add --data FOLDER with the images that the model was trained on',
      exit: 2,
    })
  const { seed, classes } = known
  const { splits } = await openDataSet(data, classes ? dataOptions({ ...known, classes }, signature) : { seed })
  for (const split of ['train', 'val'] as const)
    if (splits[split].length === 0)
      throw new Failure({
        code: 'no-images',
        message: `${data} has no ${split} images`,
        help: 'int8 calibrates on the training images and measures accuracy on the validation images',
        path: data,
      })
  return { name, trial: { train: splits.train, val: splits.val, maxDrop, reporter } }
}

/** The threshold of a cascade is tuned on val. */
async function cascadeTrial(
  { cascade, data, fusePasses }: ExportRequest,
  known: Omit<KnownLabels, 'classes'> & { readonly classes: readonly string[] | undefined },
  signature: Signature | undefined,
  { reporter }: Io,
): Promise<CascadeTrial | undefined> {
  if (cascade === undefined) return undefined
  if (data === undefined || fusePasses)
    throw new Failure({
      code: 'wrong-usage',
      message: fusePasses
        ? '--fuse-passes always runs both passes, and --cascade skips the second one'
        : '--cascade needs images to tune the threshold on',
      help: fusePasses ? 'leave out one of them' : 'add --data FOLDER with the images that the model was trained on',
      exit: 2,
    })
  const { seed, classes } = known
  const { splits } = await openDataSet(data, classes ? dataOptions({ ...known, classes }, signature) : { seed })
  if (splits.val.length === 0)
    throw new Failure({
      code: 'no-images',
      message: `${data} has no val images`,
      help: '--cascade measures accuracy on the validation images',
      path: data,
    })
  return { val: splits.val, maxDrop: cascade / 100, reporter }
}

/** Returns the effect of the threshold of a cascade on the validation split, in words. */
function cascadeText({ sure, images, early, top1, top1Both, milliseconds, millisecondsBoth }: TunedCascade): string {
  return [
    `cascade, on ${images} images of val: ${percent(early)} keep the first prediction, of probability ${sure.toFixed(4)} or more`,
    `top-1 ${percent(top1)}, ${percent(top1Both)} with the second prediction for all`,
    `${milliseconds.toFixed(1)} ms an image, ${millisecondsBoth.toFixed(1)} ms with the second prediction for all`,
  ].join('; ')
}

function accuracyText({ images, fp32, int8, sameTop1 }: Accuracy): string {
  return `top-1 on ${images} images of val: ${percent(int8)} in int8, ${percent(fp32)} in fp32; the same answer on ${sameTop1}`
}

function speedText({ fp32, int8 }: Speed): string {
  return `${int8.toFixed(1)} ms an image in int8, ${fp32.toFixed(1)} ms in fp32 (ratio ${(int8 / fp32).toFixed(2)}), on this machine`
}
