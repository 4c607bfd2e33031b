import type { Graph } from '../../compiler/graph/graph.js'
import { signatureOf } from '../../compiler/graph/signature.js'
import type { FixedSizes } from '../../compiler/targets/onnx/fixed_sizes.js'
import type { StoredSpec } from '../specs/stored.js'

/** The metadata of an exported file. */
export interface Described {
  readonly version: string
  readonly graph: Graph
  readonly stored: StoredSpec
  /** In the order of the logits; numbers if the classes have no names. */
  readonly classes: readonly string[] | undefined
  /** The names of classes and labels by label input, if there are others than a single class. */
  readonly labelNames?: Readonly<Record<string, readonly string[]>> | undefined
  readonly input: 'image' | 'tensor'
  /** Fixed sizes of the input. */
  readonly sizes?: FixedSizes | undefined
  /** The origin of the weights: `trained`, or the seed of random ones. */
  readonly weights: string
  readonly precision: string
  /** The seed of the run, by which its validation split was held out. */
  readonly seed?: number | undefined
  /** The share of train that it held out, if not the default. */
  readonly holdOut?: number | undefined
  /** The fingerprint of the training images. */
  readonly samples?: string | undefined
  /** Accuracy of the run. */
  readonly metrics?: unknown
  /** The correction of its answers. */
  readonly calibration?: unknown
  /** The accuracy of an int8 file before and after quantisation. */
  readonly accuracy?: unknown
  /** The speed of an int8 file: milliseconds for one image before and after quantisation, on the machine that exported it. */
  readonly speed?: unknown
  /** The tuned threshold of a cascade, and its measured effect. */
  readonly cascade?: unknown
}

/** In the order of the logits; numbers if the classes have no names. */
export function classNamesOf(graph: Graph, classes: readonly string[] | undefined): readonly string[] {
  return classes ?? Array.from({ length: graph.label?.size ?? 0 }, (_, index) => `class ${index}`)
}

/** Returns the names of classes and labels by label input; numbers if they have no names. Undefined for a classifier with one label. */
export function labelNamesFor(
  graph: Graph,
  names: Readonly<Record<string, readonly string[]>> | undefined,
): Record<string, readonly string[]> | undefined {
  const signature = signatureOf(graph)
  return (
    signature &&
    Object.fromEntries(
      signature.labels
        .filter(({ kind }) => kind !== 'Value')
        .map(({ name, kind, size }) => [
          name,
          names?.[name] ??
            Array.from({ length: size }, (_, index) => `${kind === 'Class' ? 'class' : 'label'} ${index}`),
        ]),
    )
  )
}

/** The keys by which ONNX tells tools how the pixels of an input are stored (docs/MetadataProps.md of the ONNX repository). */
const imageMetadata = {
  'Image.BitmapPixelFormat': 'Rgb8',
  'Image.ColorSpaceGamma': 'SRGB',
  'Image.NominalPixelRange': 'NominalRange_0_255',
}

/** The metadata of an ONNX file. `hash` gives the SHA-256 of a text in hexadecimal digits. */
export async function metadataOf(
  {
    version,
    graph,
    stored,
    classes,
    labelNames,
    input,
    sizes,
    weights,
    precision,
    seed,
    holdOut,
    samples,
    metrics,
    calibration,
    accuracy,
    speed,
    cascade,
  }: Described,
  hash: (text: string) => string | Promise<string>,
): Promise<Record<string, string>> {
  const spec = JSON.stringify(stored)
  const signature = signatureOf(graph)
  return {
    wsban: version,
    classes: JSON.stringify(classNamesOf(graph, classes)),
    ...(signature && {
      signature: JSON.stringify(signature),
      label_names: JSON.stringify(labelNamesFor(graph, labelNames)),
    }),
    input,
    ...(input === 'image' && imageMetadata),
    size: String(graph.image.height),
    ...(sizes && { fixed_sizes: JSON.stringify(sizes) }),
    steps: JSON.stringify(graph.image.steps),
    spec,
    spec_sha256: await hash(spec),
    weights,
    precision,
    ...(seed !== undefined && { seed: String(seed) }),
    ...(holdOut !== undefined && { hold_out: String(holdOut) }),
    ...(samples !== undefined && { samples }),
    ...(metrics !== undefined && { metrics: JSON.stringify(metrics) }),
    ...(calibration !== undefined && { calibration: JSON.stringify(calibration) }),
    ...(accuracy !== undefined && { accuracy: JSON.stringify(accuracy) }),
    ...(speed !== undefined && { speed: JSON.stringify(speed) }),
    ...(cascade !== undefined && { cascade: JSON.stringify(cascade) }),
  }
}
