import { present } from '../../grammar/present.js'
import table from '../../models/published.json' with { type: 'json' }
import type { Normalization } from '../training/normalization.js'

/** A network with published weights, as test/parity/record_published.py recorded it from timm's registry. */
export interface PublishedBackbone {
  /** `convnext_tiny.fb_in22k`: the architecture, and the tag of its weights. */
  readonly name: string
  readonly architecture: Architecture
  /** Height and width of the images that the weights were evaluated with. */
  readonly size: number
  readonly normalization: Normalization
  readonly interpolation: string
  /** The part of the resized image that the evaluated crop covers along each side. */
  readonly crop: number
  readonly license: string
  /** Percent of ImageNet's validation images, where it is known. */
  readonly top1?: number
}

export interface Architecture {
  /** The file in models/backbones/, and the block in it. */
  readonly family: string
  readonly block: string
  readonly arguments: Readonly<Record<string, BackboneArgument>>
  readonly parameters: number
  /** Multiply-adds for one image at the size of the weights, in billions, where they are known. */
  readonly billionMultiplyAdds?: number
}

export type BackboneArgument = number | boolean | string | readonly BackboneArgument[]

interface RecordedTable {
  readonly architectures: Readonly<Record<string, Architecture>>
  readonly weights: Readonly<Record<string, Omit<PublishedBackbone, 'name' | 'architecture'>>>
  /** The weights that an architecture's bare name means. */
  readonly standard: Readonly<Record<string, string>>
}

const { architectures, weights, standard }: RecordedTable = table

/** Every name of published weights: architecture and tag. */
export const backboneNames: readonly string[] = Object.keys(weights)

/** Names of architectures, which mean their usual weights. */
export const architectureNames: readonly string[] = Object.keys(standard)

/** Returns a network by its name, with the tag of its weights or, for the usual ones, without. */
export function publishedBackbone(name: string): PublishedBackbone | undefined {
  const full = Object.hasOwn(standard, name) ? standard[name] : name
  if (full === undefined || !Object.hasOwn(weights, full)) return undefined
  const architecture = architectureOf(full)
  return {
    name: full,
    architecture: present(architectures[architecture], architecture),
    ...present(weights[full], full),
  }
}

/** A parameter that a call of a backbone passes on to the family's block, where that has it: the rate of stochastic depth. */
export const passedOn = 'drop_path'

/** The families whose blocks have it; timm has stochastic depth for these. */
export const familiesWithStochasticDepth: readonly string[] = [
  'convnext',
  'efficientnet',
  'eva',
  'metaformer',
  'mobilenet_v3',
  'mobilenet_v4',
  'regnet',
  'resnet',
  'swin',
  'swin_v2',
  'vit',
]

/** The specifier under which a library finds the file that calls the family's block for a published name. */
export const publishedFolder = 'published/'

/**
 * Returns that file: its text, a block of the architecture's name that calls the family's block with the arguments of the published
 * network; or the specifier of the family's own file, whose block of this name is the network as it is.
 */
export function publishedFile(name: string): { readonly text: string } | { readonly specifier: string } | undefined {
  const found = publishedBackbone(name)
  if (!found) return undefined
  const own = architectureOf(name)
  const { family, block, arguments: given } = found.architecture
  const specifier = `backbones/${family}`
  if (block === own) return { specifier }
  const list = Object.entries(given).map(([argument, value]) => `${argument} = ${written(value)}`)
  const more = familiesWithStochasticDepth.includes(family) ? [passedOn] : []
  const call = ['image', ...list, 'classes = classes', ...more.map((name) => `${name} = ${name}`)].join(', ')
  const parameters = ['image', 'classes = 1000', ...more.map((name) => `${name} = 0%`)].join(', ')
  return {
    text: `import ${block} from "${specifier}"\n\nblock ${own}(${parameters}) { return ${block}(${call}) }\n`,
  }
}

/** Returns the architecture in the name of a published backbone: what stands before the tag. */
export function architectureOf(name: string): string {
  const [architecture = name] = name.split('.')
  return architecture
}

function written(value: BackboneArgument): string {
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' ? `[${value.map(written).join(', ')}]` : String(value)
}
