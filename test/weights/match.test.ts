import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { Failure } from '../../runtime/failure.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { normalizationWarning, wantedBy } from '../../runtime/weights/initial_weights.js'
import { loadWeights } from '../../runtime/weights/load.js'
import { matchLines, matchWeights, type Wanted } from '../../runtime/weights/match.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-match-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const graphOf = (name: string, settings = {}) => {
  const { graph } = compileFile(join(packageRoot(), 'models', `${name}.wsban`), settings)
  if (!graph) throw new Error('it does not compile')
  return graph
}
const wanted: readonly Wanted[] = [
  { name: 'master.trunk.conv1.weight', shape: [4, 3, 3, 3] },
  { name: 'master.trunk.bn1.weight', shape: [4] },
  { name: 'master.trunk.layer1.0.conv1.weight', shape: [4, 4, 3, 3] },
  { name: 'master.attention.conv.weight', shape: [2, 4, 1, 1] },
  { name: 'master.logits.weight', shape: [5, 8] },
  { name: 'loss.centres.centers', shape: [5, 8], optional: true },
]
const file = (names: Readonly<Record<string, readonly number[]>>) =>
  new Map(Object.entries(names).map(([name, shape]) => [name, { shape }]))

for (const prefix of ['', 'module.', 'state_dict.module.', 'model.backbone.'])
  test(`a backbone's checkpoint goes into its trunk; its names begin with "${prefix}"`, (t) => {
    const match = matchWeights(
      wanted,
      file({
        [`${prefix}conv1.weight`]: [4, 3, 3, 3],
        [`${prefix}bn1.weight`]: [4],
        [`${prefix}bn1.num_batches_tracked`]: [],
        [`${prefix}layer1.0.conv1.weight`]: [4, 4, 3, 3],
        [`${prefix}fc.weight`]: [1000, 512],
      }),
    )
    t.is(match.part, 'master.trunk.')
    t.is(match.prefix, prefix)
    t.is(match.found.size, 3)
    t.deepEqual(match.missing, [])
    t.deepEqual(match.unused, [`${prefix}fc.weight`])
  })

test('a whole model of another data set keeps all but its classifier', (t) => {
  const match = matchWeights(
    wanted,
    new Map(wanted.map(({ name, shape }) => [name, { shape: shape[0] === 5 ? [9, ...shape.slice(1)] : shape }])),
    { classes: 5 },
  )
  t.is(match.part, '')
  t.deepEqual(
    match.heads.map(({ name }) => name),
    ['master.logits.weight', 'loss.centres.centers'],
  )
  t.deepEqual(match.otherShape, [])
})

test('missing weights are reported with the nearest name, weights of another shape with both shapes', (t) => {
  const match = matchWeights(
    wanted,
    file({ 'conv1.weight': [8, 3, 3, 3], 'bn1.weights': [4], 'layer1.0.conv1.weight': [4, 4, 3, 3] }),
    { part: 'master.trunk.' },
  )
  const text = matchLines(match, 'x.pth').join('\n')
  t.regex(text, /missing +1: master\.trunk\.bn1\.weight \(nearest there: bn1\.weights\)/)
  t.regex(text, /other shape +1: master\.trunk\.conv1\.weight: 8 x 3 x 3 x 3 there, 4 x 3 x 3 x 3 here/)
})

test('names wrapped by a compiler or by data parallelism on a part of the keys are matched', (t) => {
  const parameters = [
    { name: 'body.weight', shape: [4] },
    { name: 'body.bias', shape: [4] },
    { name: 'head.weight', shape: [2] },
  ]
  for (const keys of [
    ['_orig_mod.body.weight', 'body.bias', 'head.weight'],
    ['body._orig_mod.weight', 'body._orig_mod.bias', 'head.weight'],
    ['state_dict.module._orig_mod.body.weight', 'state_dict.module.body.bias', 'state_dict.head.weight'],
    ['module.body.weight', 'module.body.bias', 'module.head.weight'],
  ]) {
    const shapes = keys.map((key) => [key, [key.includes('head') ? 2 : 4]] as const)
    const match = matchWeights(parameters, file(Object.fromEntries(shapes)))
    t.deepEqual([...match.found.values()], keys)
    t.deepEqual(match.unused, [])
    t.deepEqual(match.alternatives, [])
  }
})

test('of weights and their moving average the weights are taken, and the other is named', (t) => {
  const parameters = [{ name: 'head.weight', shape: [2] }]
  for (const names of [
    ['state_dict_ema', 'state_dict'],
    ['state_dict', 'state_dict_ema'],
    ['model_ema.module', 'model'],
  ]) {
    const match = matchWeights(parameters, file(Object.fromEntries(names.map((name) => [`${name}.head.weight`, [2]]))))
    t.false(match.prefix.includes('ema'))
    const [other] = match.alternatives
    t.true(other?.includes('ema'))
    t.true(
      matchLines(match, 'x.pth')
        .join('\n')
        .includes(`--weights-entry ${other?.slice(0, -1)} takes those`),
    )
  }
})

test('the entry that is named is taken, and one that is not there is a failure that lists those there are', async (t) => {
  const path = join(folder, 'entries.safetensors')
  const values = (value: number) => ({ shape: [1], values: Float32Array.of(value) })
  await writeSafetensors(path, {
    tensors: new Map([
      ['state_dict.weight', values(1)],
      ['state_dict_ema.weight', values(2)],
    ]),
    metadata: {},
  })
  const loaded = await loadWeights([{ name: 'weight', shape: [1] }], { path, entry: 'state_dict_ema' })
  t.deepEqual([...(loaded.tensors.get('weight')?.values ?? [])], [2])
  const error = await t.throwsAsync(loadWeights([{ name: 'weight', shape: [1] }], { path, entry: 'ema' }), {
    instanceOf: Failure,
  })
  t.is(error?.problem.code, 'weights-entry-missing')
  t.regex(error?.problem.help ?? '', /state_dict, state_dict_ema/)
})

test('every trunk takes a checkpoint of its own network, and says when it is not', async (t) => {
  const graph = graphOf('wsban_tiny')
  const trunk = [...graph.parameters.values()].filter(({ name }) => name.startsWith('master.trunk.'))
  const write = async (name: string, skip = '') => {
    const path = join(folder, name)
    const tensors = new Map(
      trunk
        .filter((parameter) => parameter.name !== skip)
        .map((parameter) => [
          parameter.name.replace('master.trunk.', 'module.'),
          { shape: parameter.shape, values: initialValues(parameter, 9) },
        ]),
    )
    await writeSafetensors(path, { tensors, metadata: {} })
    return path
  }
  const whole = await loadWeights(wantedBy(graph), { path: await write('whole.safetensors') })
  t.is(whole.tensors.size, trunk.length)
  t.deepEqual(whole.tensors.get(trunk[0]?.name ?? '')?.values, trunk[0] && initialValues(trunk[0], 9))
  const path = await write('gap.safetensors', trunk[3]?.name)
  const error = await t.throwsAsync(loadWeights(wantedBy(graph), { path }), { instanceOf: Failure })
  t.is(error?.problem.code, 'weights-do-not-fit')
  t.true(error?.message.includes(trunk[3]?.name ?? ''))
  t.is((await loadWeights(wantedBy(graph), { path, partial: true })).tensors.size, trunk.length - 1)
  const complete = await t.throwsAsync(loadWeights(wantedBy(graph), { path, complete: true }), { instanceOf: Failure })
  t.is(complete?.problem.code, 'weights-do-not-fit')
})

test('weights known by name are compared with how the spec normalises', (t) => {
  t.is(normalizationWarning(graphOf('wsban_lite').image.steps, 'efficientnet_lite0'), undefined)
  t.is(normalizationWarning(graphOf('baseline').image.steps, 'timm/resnet50.tv_in1k'), undefined)
  t.regex(
    normalizationWarning(graphOf('wsban_lite').image.steps, 'timm/efficientnet_lite0.ra_in1k') ?? '',
    /0\.485, 0\.456, 0\.406.*the spec says normalize\(mean = 0\.5, deviation = 0\.5\)/,
  )
  t.is(normalizationWarning(graphOf('wsban_lite').image.steps, 'another/owner'), undefined)
})

test('`weights` on a trunk is kept in the graph, for each trunk its own', (t) => {
  const pretrained = graphOf('bilinear_cnn', { trunks: 2, weights: 'a/b', right_weights: './c.pth' }).pretrained
  t.deepEqual(
    pretrained.map(({ path, source }) => [path.join('.'), source]),
    [
      ['whole.left', 'a/b'],
      ['whole.right', './c.pth'],
    ],
  )
  t.deepEqual(graphOf('bilinear_cnn').pretrained, [])
})
