import test from 'ava'
import { translate } from '../../runtime/weights/translate.js'
import type { WeightEntry } from '../../runtime/weights/weight_file.js'

/** Of networks that test/parity/layouts.test.ts does not load as a whole. */

const entry = (shape: readonly number[], values?: Float32Array): WeightEntry => ({
  dtype: 'F32',
  shape,
  bytes: async () => new Uint8Array((values ?? new Float32Array(shape.reduce((all, size) => all * size, 1))).buffer),
})

function entries(names: readonly string[]): Map<string, WeightEntry> {
  return new Map(names.map((name) => [name, entry([4])]))
}

test("names of torchvision's first DenseNets become those of today", (t) => {
  const layer = 'features.denseblock1.denselayer1'
  const stored = entries([`${layer}.norm.1.weight`, `${layer}.conv.2.weight`, 'features.norm5.weight'])
  const { entries: found, from } = translate(stored, [])
  t.deepEqual([...found.keys()], [`${layer}.norm1.weight`, `${layer}.conv2.weight`, 'features.norm5.weight'])
  t.deepEqual(from, ["torchvision's first DenseNet"])
})

test('names are translated after every prefix under which the layout stands, and nowhere else', (t) => {
  const stored = entries([
    'module.register_tokens',
    'ema.model.register_tokens',
    'module.norm.weight',
    'other.class_token',
  ])
  t.deepEqual(
    [...translate(stored, []).entries.keys()],
    ['module.reg_token', 'ema.model.reg_token', 'module.norm.weight', 'other.class_token'],
  )
})

test('a model that has the names of the layout keeps them', (t) => {
  const stored = entries(['encoder.pos_embedding', 'class_token'])
  const { entries: found, from } = translate(stored, [{ name: 'trunk.encoder.pos_embedding', shape: [4] }])
  t.deepEqual([...found.keys()], ['encoder.pos_embedding', 'class_token'])
  t.deepEqual(from, [])
})

test('axes of size 1 become those of the model, and no other shape does', async (t) => {
  const stored = new Map([
    ['features.1.0.layer_scale', entry([3, 1, 1], Float32Array.of(1, 2, 3))],
    ['features.1.0.block.0.bias', entry([5])],
  ])
  const wanted = [
    { name: 'trunk.stages.0.blocks.0.gamma', shape: [3] },
    { name: 'trunk.stages.0.blocks.0.conv_dw.bias', shape: [4] },
  ]
  const { entries: found } = translate(stored, wanted)
  t.deepEqual(
    [...found].map(([name, { shape }]) => [name, shape]),
    [
      ['stages.0.blocks.0.gamma', [3]],
      ['stages.0.blocks.0.conv_dw.bias', [5]],
    ],
  )
  const bytes = await found.get('stages.0.blocks.0.gamma')?.bytes()
  t.deepEqual([...new Float32Array(bytes?.buffer ?? new ArrayBuffer(0))], [1, 2, 3])
})

test('a name that would become that of another tensor stays', (t) => {
  const stored = entries(['register_tokens', 'reg_token'])
  t.deepEqual([...translate(stored, []).entries.keys()], ['register_tokens', 'reg_token'])
})
