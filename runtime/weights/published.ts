import { publishedBackbone } from '../../compiler/backbones/published.js'
import type { Normalization } from '../../compiler/training/normalization.js'
import { imagenet } from '../../compiler/training/settings.js'

export interface Published {
  readonly name: string
  /** The block that the names belong to. */
  readonly block: string
  readonly normalization: Normalization
  readonly note: string
}

const half: Normalization = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] }

/** The one that is published on Python's package index. */
export const packagedName = 'efficientnet_lite0'

const fromTorchvision = (name: string): Published => ({
  name: `timm/${name}.tv_in1k`,
  block: name,
  normalization: imagenet,
  note: "torchvision's first weights",
})

/**
 * Weights known by name. Any other `owner/name` of the model hub can be pulled, too; of those listed here the normalisation is known. InceptionV3:
 * torchvision's network takes ImageNet's normalisation and converts it to -1 to 1 itself (`transform_input`); here, as in timm, images are normalised
 * to -1 to 1 directly.
 */
export const published: readonly Published[] = [
  {
    name: packagedName,
    block: 'efficientnet_lite0',
    normalization: half,
    note: 'from the package index, through pip; goes with eps = 1e-3',
  },
  {
    name: 'timm/efficientnet_lite0.ra_in1k',
    block: 'efficientnet_lite0',
    normalization: imagenet,
    note: 'goes with eps = 1e-5',
  },
  { name: 'timm/inception_v3.tv_in1k', block: 'inception_v3', normalization: half, note: "torchvision's weights" },
  { name: 'timm/inception_v3.tf_in1k', block: 'inception_v3', normalization: half, note: "TensorFlow's weights" },
  { name: 'timm/inception_v3.gluon_in1k', block: 'inception_v3', normalization: imagenet, note: "Gluon's weights" },
  ...['resnet18', 'resnet34', 'resnet50', 'resnet101', 'vgg16', 'vgg19', 'vgg16_bn', 'vgg19_bn'].map(fromTorchvision),
]

/** Facts about published weights, by name. */
export function publishedAs(name: string): Pick<Published, 'name' | 'normalization'> | undefined {
  return published.find((one) => one.name === name) ?? backboneOf(name)
}

function backboneOf(name: string): Pick<Published, 'name' | 'normalization'> | undefined {
  const owner = 'timm/'
  const backbone = name.startsWith(owner) ? publishedBackbone(name.slice(owner.length)) : undefined
  return backbone && { name, normalization: backbone.normalization }
}
