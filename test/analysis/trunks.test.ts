import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { publishedBackbone } from '../../compiler/backbones/published.js'
import { compile } from '../../compiler/compile.js'
import { normalizationIn } from '../../compiler/training/normalization.js'
import { packageRoot } from '../../runtime/package_root.js'
import { diskLibrary } from '../../runtime/specs/library.js'

const models = ['wsban', 'wsdan', 'tasn', 'cam', 'baseline', 'cal', 'gradcam']
const trunks = [
  'inception_v3.tv_in1k',
  'resnet18',
  'regnety_002.pycls_in1k',
  'densenet121',
  'efficientnet_b0',
  'mobilenetv3_small_050.lamb_in1k',
  'convnext_atto',
  'vit_tiny_patch16_224.augreg_in21k',
  'vit_small_patch14_reg4_dinov2.lvd142m',
  'swin_tiny_patch4_window7_224',
]
const library = diskLibrary()

for (const model of models)
  test(`${model} takes its trunk by name: weights of a tag, and the normalisation of the backbone`, (t) => {
    const text = readFileSync(join(packageRoot(), 'models', `${model}.wsban`), 'utf8')
    for (const trunk of trunks) {
      const { graph, diagnostics } = compile({ source: model, text }, library, { trunk, size: 224 })
      t.deepEqual(
        diagnostics.map(({ code, message }) => [code, message]),
        [],
        trunk,
      )
      const sources = (graph?.pretrained ?? []).map(({ source }) => source)
      t.deepEqual(sources, trunk.includes('.') ? [`timm/${trunk}`] : [], trunk)
      const steps = graph?.image.steps ?? []
      t.deepEqual(normalizationIn(steps), publishedBackbone(trunk)?.normalization, trunk)
      const resize = steps.find(({ name }) => name === 'resize')
      t.is(resize?.arguments.interpolation, publishedBackbone(trunk)?.interpolation, trunk)
    }
  })

test('weights of a backbone: the words, a file, and none', (t) => {
  const of = (trunk: string, weights: string) => {
    const text = readFileSync(join(packageRoot(), 'models', 'baseline.wsban'), 'utf8')
    const { graph } = compile({ source: 'baseline', text }, library, { trunk, weights })
    return graph?.pretrained.map(({ source }) => source)
  }
  t.deepEqual(of('resnet18', 'published'), [`timm/${publishedBackbone('resnet18')?.name}`])
  t.deepEqual(of('resnet18.tv_in1k', 'published'), ['timm/resnet18.tv_in1k'])
  t.deepEqual(of('resnet18.tv_in1k', 'none'), [])
  t.deepEqual(of('resnet18.tv_in1k', 'own.safetensors'), ['own.safetensors'])
  t.deepEqual(of('resnet18', 'own.safetensors'), ['own.safetensors'])
})

test('the size of the images of a backbone follows the parameter that names it', (t) => {
  const text = `model own(classes = 3, trunk = "resnet18", size = image_size(trunk)) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) { logits = backbone(image, trunk).features -> global_avg_pool -> linear(classes) }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
}`
  const of = (trunk: string) => compile({ source: 'own', text }, library, { trunk })
  t.is(of('resnet18').graph?.image.height, 224)
  t.is(of('vit_small_patch14_dinov2.lvd142m').graph?.image.height, 518)
  t.deepEqual(
    of('resnet1').diagnostics.map(({ code }) => code),
    ['unknown-backbone'],
  )
})

test('an unknown trunk is one error, and so is a tap that a trunk lacks', (t) => {
  const codesOf = (model: string, settings: Readonly<Record<string, string>>) => {
    const text = readFileSync(join(packageRoot(), 'models', `${model}.wsban`), 'utf8')
    return compile({ source: model, text }, library, settings).diagnostics.map(({ code }) => code)
  }
  for (const model of models) t.deepEqual(codesOf(model, { trunk: 'resnet81' }), ['unknown-backbone'], model)
  t.deepEqual(codesOf('wsdan', { trunk: 'resnet50', head: 'tap' }), ['unknown-member'])
})
