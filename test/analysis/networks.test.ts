import test from 'ava'
import { functions } from '../../compiler/analysis/functions/index.js'
import type { Library } from '../../compiler/analysis/modules.js'
import { compile, neededOf } from '../../compiler/compile.js'
import { hasErrors } from '../../compiler/diagnostics/diagnostic.js'
import { expand } from '../../compiler/expand/expand.js'
import { operations } from '../../compiler/ops/index.js'
import { settings } from '../../compiler/training/settings.js'
import { Workspace } from '../../editors/language/workspace.js'

/** Blocks with the structure of published networks, with fewer and smaller layers. */
const networks: Readonly<Record<string, string>> = {
  // timm's densenet: named rounds, the number of channels is carried.
  densenet: `block dense_layer(x, growth) {
  norm1 = batch_norm(x)
  conv1 = conv2d(relu(norm1), 2 * growth, 1, bias = false)
  norm2 = batch_norm(conv1)
  conv2 = conv2d(relu(norm2), growth, 3, padding = 1, bias = false)
  return concat(x, conv2)
}

block dense_block(x, layers, growth) {
  return repeat layers as i, y = x named "denselayer{i + 1}" { return dense_layer(y, growth) }
}

block transition(x) {
  norm = batch_norm(x)
  conv = conv2d(relu(norm), floor(length(x, 0) / 2), 1, bias = false)
  return avg_pool(conv, 2)
}

block features(x, depths, growth) {
  conv0       = conv2d(x, 2 * growth, 3, stride = 2, padding = 1, bias = false)
  norm0       = batch_norm(conv0)
  denseblock1 = dense_block(relu(norm0), depths[0], growth)
  transition1 = transition(denseblock1)
  denseblock2 = dense_block(transition1, depths[1], growth)
  norm5       = batch_norm(denseblock2)
  return norm5
}

block network(image, depths = [2, 1], growth = 4) {
  features = features(image, depths, growth)
  return relu(features)
}
`,
  // timm's swin: stages in a list of depths, a name that is a word of the language, two carried values.
  swin: `block mlp(x, ratio) {
  fc1 = conv2d(x, ratio * length(x, 0), 1)
  fc2 = conv2d(gelu(fc1), length(x, 0), 1)
  return fc2
}

block window_block(x, shift) {
  attn = conv2d(x, length(x, 0), 1)
  mlp  = mlp(attn, 2)
  return x + mlp * (1 + shift)
}

block stage(x, depth, first) {
  downsample = first ? x : conv2d(x, 2 * length(x, 0), 2, stride = 2, bias = false)
  blocks     = repeat depth as i, y = downsample { return window_block(y, mod(i, 2)) }
  return blocks
}

block network(image, depths = [1, 2, 0]) {
  patch_embed = conv2d(image, 4, 4, stride = 4)
  layers      = repeat length(depths) as s, x = patch_embed, count = 0 {
    return stage(x, depths[s], s == 0), count + depths[s]
  }
  head   = layers.x -> conv2d(layers.count, 1)
  "loss" = layers[0].x -> conv2d(1, 1)
  return head
}
`,
}

const library: Library = {
  standard: [],
  find: (specifier) => {
    const text = networks[specifier.replace('./', '')]
    return text === undefined ? undefined : { source: specifier, text }
  },
}

const model = (
  name: string,
  line = '',
  body = 'trunk -> global_avg_pool -> linear(classes)',
) => `import network from "./${name}"

model m(classes = 3) {
  input image: Image[3, 32, 32]
  input label: Class[classes]
  branch whole(image) {
    trunk  = network(image)
    ${line}
    logits = ${body}
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict p = softmax(whole.logits)
}
`

function compiled(text: string) {
  const { graph, diagnostics } = compile({ source: 'm.wsban', text }, library)
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  return graph
}

function keysOf(text: string): string[] {
  const names = [...compiled(text).parameters.keys()].filter((name) => /^whole\.trunk\..*weight$/.test(name))
  return names.map((name) => name.replace(/^whole\.trunk\.|\.weight$/g, ''))
}

test('DenseNet has the keys of its checkpoints', (t) => {
  t.deepEqual(keysOf(model('densenet')), [
    'features.conv0',
    'features.norm0',
    ...['denselayer1', 'denselayer2'].flatMap((layer) =>
      ['norm1', 'conv1', 'norm2', 'conv2'].map((name) => `features.denseblock1.${layer}.${name}`),
    ),
    'features.transition1.norm',
    'features.transition1.conv',
    ...['norm1', 'conv1', 'norm2', 'conv2'].map((name) => `features.denseblock2.denselayer1.${name}`),
    'features.norm5',
  ])
})

test('Swin has the keys of its checkpoints, a stage without blocks included', (t) => {
  const block = (path: string) => ['attn', 'mlp.fc1', 'mlp.fc2'].map((name) => `layers.${path}.${name}`)
  t.deepEqual(
    keysOf(
      model('swin', 'tap = trunk."loss"', 'concat(global_avg_pool(trunk), global_avg_pool(tap)) -> linear(classes)'),
    ),
    [
      'patch_embed',
      ...block('0.blocks.0'),
      'layers.1.downsample',
      ...block('1.blocks.0'),
      ...block('1.blocks.1'),
      'layers.2.downsample',
      'head',
      'loss',
    ],
  )
})

test('stages and rounds are tapped by index, by number and by name', (t) => {
  const shapeOf = (name: string, tap: string) => {
    const graph = compiled(model(name, `tap = ${tap}`, 'tap -> global_avg_pool -> linear(classes)'))
    return graph.parameters.get('whole.logits.weight')?.shape[1]
  }
  t.is(shapeOf('swin', 'trunk.layers[1].x'), 8)
  t.is(shapeOf('swin', 'trunk.layers.1.downsample'), 8)
  t.is(shapeOf('swin', 'trunk.layers[length([0, 0])].x'), 16)
  t.is(shapeOf('densenet', 'trunk.features.denseblock1[1].conv1'), 8)
  t.is(shapeOf('densenet', 'trunk.features.denseblock1.denselayer2'), 16)
})

test('a block that returns several values, a list or a constant is the same from the cache and when expanded', (t) => {
  const blocks = `block pair(x) {
  y = conv2d(x, 4, 1)
  return y, x
}

block levels(x) { y = conv2d(x, 4, 1), return [y, x, height(y)] }

block half(x) { return height(x) / 2 }

block network(image) {
  a = pair(image)
  b = levels(a.y)
  c = half(b[1])
  d = repeat c / 8 as i, x = b[0], y = a.x named "n-{i}" { z = conv2d(x, 4, 1), return z, y }
  return b[0] + d."n-1".x + d.x * b[2]
}
`
  const own: Library = { ...library, find: () => ({ source: './own', text: blocks }) }
  const workspace = new Workspace(own)
  const text = model('own')
  const { graph } = compile({ source: 'm.wsban', text }, own)
  t.truthy(graph)
  for (const changed of [text, `// moved\n${text}`, text]) {
    const { graph: fresh } = compile({ source: 'm.wsban', text: changed }, own)
    const analysis = workspace.analysis('m.wsban', changed)
    t.false(hasErrors(analysis.diagnostics))
    t.deepEqual(analysis.whole && neededOf(analysis.whole), fresh)
  }
  const { graph: expanded } = compile({ source: 'm.wsban', text: expand('m.wsban', text, own) }, own)
  t.deepEqual([...(expanded?.parameters.keys() ?? [])], [...(graph?.parameters.keys() ?? [])])
})

test('a function and an operation have different names, and so have a setting and any of them but ema', (t) => {
  const taken = [...functions.keys()].filter((name) => operations.has(name) || settings.has(name))
  t.deepEqual(taken, ['ema'])
  t.false(operations.has('ema'))
})
