import { architectureNames, publishedBackbone } from '../../compiler/backbones/published.js'
import type { Frame, Graph } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { normalizationIn } from '../../compiler/training/normalization.js'
import { present } from '../../grammar/present.js'
import { compileText } from '../specs/spec.js'

/** The trunk of a model as timm loads it. */
export interface TimmTrunk {
  /** timm's name of the network. */
  readonly architecture: string
  /** The names of its tensors, by those of the model. */
  readonly names: ReadonlyMap<string, string>
  /** Tensors of the whole network that the model does without; timm gives them random values. The classifier is not among them. */
  readonly missing: readonly string[]
  /** The content of `config.json`. */
  readonly config: Readonly<Record<string, unknown>>
}

/** Beside `model.safetensors`, which holds the whole model. */
export const trunkFile = 'trunk.safetensors'

/** The families whose networks are made for one image size, which timm has to know before it loads their position embeddings. */
const ofOneSize: readonly string[] = ['vit', 'eva', 'swin', 'swin_v2']

/** The families whose networks take the epsilon of their batch norms as an argument. */
const withEpsilon: readonly string[] = ['efficientnet', 'mobilenet_v2', 'mobilenet_v3', 'mobilenet_v4']

/**
 * Returns the largest trunk of a model that is a network of timm's with the arguments that timm gives it; undefined where a model has none.
 *
 * @param classes the names of the classes, for a network that is used with its own classifier
 */
export function timmTrunk(graph: Graph, classes: readonly string[]): TimmTrunk | undefined {
  return graph.frames
    .filter(({ kind, definition }) => kind === 'block' && architectureNames.includes(definition))
    .flatMap((frame) => trunkOf(graph, frame, classes) ?? [])
    .sort((a, b) => b.names.size - a.names.size)[0]
}

function trunkOf(
  graph: Graph,
  { definition, parameterPath }: Frame,
  classes: readonly string[],
): TimmTrunk | undefined {
  const reference = wholeNetwork(definition)
  const prefix = `${parameterPath.join('.')}.`
  const inUse = specialise(graph, 'inference').parameters
  const own = [...inUse.values()].filter(({ name }) => name.startsWith(prefix))
  const names = new Map(own.map(({ name }) => [name, name.slice(prefix.length)]))
  const found = new Set(names.values())
  if (found.size === 0 || [...found].some((name) => !reference.tensors.has(name))) return undefined
  const epsilons = new Set(
    own.flatMap(({ eps, name }) =>
      eps === reference.tensors.get(name.slice(prefix.length))?.eps || eps === undefined ? [] : [eps],
    ),
  )
  const { family } = present(publishedBackbone(definition), definition).architecture
  const [epsilon, ...others] = epsilons
  if (others.length > 0 || (epsilon !== undefined && !withEpsilon.includes(family))) return undefined
  const missing = [...reference.tensors.keys()].filter(
    (name) => !found.has(name) && !reference.classifier.includes(name),
  )
  const classifies = reference.classifier.length > 0 && reference.classifier.every((name) => found.has(name))
  const { height, width } = graph.image
  const count = classifies ? classes.length : 0
  const modelArguments = {
    ...(ofOneSize.includes(family) && { img_size: [height, width] }),
    ...(epsilon !== undefined && { bn_eps: epsilon }),
    // timm refuses a file that does not hold the whole network otherwise.
    ...(missing.length > 0 && { pretrained_strict: false }),
  }
  return {
    architecture: definition,
    names,
    missing,
    config: {
      architecture: definition,
      num_classes: count,
      ...(classifies && { label_names: classes }),
      ...(Object.keys(modelArguments).length > 0 && { model_args: modelArguments }),
      pretrained_cfg: {
        hf_hub_filename: trunkFile,
        num_classes: count,
        classifier: classifierOf(reference.classifier),
        ...inputOf(graph),
        ...(ofOneSize.includes(family) && { fixed_input_size: true }),
      },
    },
  }
}

/** How images become the network's input, in timm's words. */
function inputOf({ image }: Graph): Readonly<Record<string, unknown>> {
  const { channels, height, width, steps } = image
  const normalization = normalizationIn(steps)
  const interpolation = steps.flatMap((step) => step.arguments.interpolation ?? [])[0]
  return {
    input_size: [channels, height, width],
    ...(typeof interpolation === 'string' && { interpolation }),
    // The model sees the whole resized image, whatever its proportions, unless a step cuts a part out.
    ...(steps.every(({ name }) => ['resize', 'normalize'].includes(name)) && { crop_pct: 1, crop_mode: 'squash' }),
    ...(normalization && { mean: normalization.mean, std: normalization.deviation }),
  }
}

/** The name of the module, or the names of the modules, that map features to classes. */
function classifierOf(tensors: readonly string[]): string | readonly string[] {
  const modules = [...new Set(tensors.map((name) => name.replace(/\.(?:weight|bias)$/, '')))]
  const [first = ''] = modules
  return modules.length === 1 ? first : modules
}

interface WholeNetwork {
  /** By timm's names: the epsilon of batch norms. */
  readonly tensors: ReadonlyMap<string, { readonly eps?: number }>
  /** Those whose shape depends on the number of classes. */
  readonly classifier: readonly string[]
}

/** Compiles the network by itself, twice: what differs with the number of classes is the classifier. */
function wholeNetwork(architecture: string): WholeNetwork {
  const branch = 'whole'
  const prefix = `${branch}.logits.`
  const parametersFor = (classes: number) => {
    const text = `model network(classes = ${classes}, size = 224) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch ${branch}(image) { logits = backbone(image, "${architecture}", classes = classes) }
  loss { ${branch} = cross_entropy(${branch}.logits, label) }
  predict probabilities = softmax(${branch}.logits)
}
`
    const { graph } = compileText('network.wsban', text)
    return present(graph, `the graph of ${architecture}`).parameters
  }
  const [one, other] = [parametersFor(10), parametersFor(11)]
  const named = [...one.values()].map((parameter) => ({ ...parameter, name: parameter.name.slice(prefix.length) }))
  const classifier = named.filter(({ name, shape }) => String(other.get(prefix + name)?.shape) !== String(shape))
  return {
    tensors: new Map(named.map(({ name, eps }) => [name, eps === undefined ? {} : { eps }])),
    classifier: classifier.map(({ name }) => name),
  }
}
