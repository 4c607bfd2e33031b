import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node'
import * as z from 'zod'
import { weightsWithoutGradient } from '../../compiler/graph/gradient_flow.js'
import type { Graph, Parameter } from '../../compiler/graph/graph.js'
import { specialise } from '../../compiler/graph/phase.js'
import { tensor } from '../../compiler/ops/support/tensor.js'
import { keyOf, Random } from '../../compiler/random.js'
import { className } from '../../compiler/targets/pytorch/python.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { differs } from '../support/compare.js'
import { type Subject, subjects } from '../support/model_checks.js'
import { lacksModules, python, runPython, skipped } from '../support/python.js'

/** Relative to an output's largest value, or absolute if all are below 1. Both sides compute in single precision. */
const tolerance = 1e-4
/** TASN samples noise at places that it computes: its logits in single precision are 2.6e-4 from those in double. */
const toleranceOfSamples = 1e-3
const seed = 1

const answer = z.object({ shape: z.array(z.number()), data: z.array(z.number()) })
const answered = z.object({
  keys: z.array(z.string()),
  fresh: z.record(z.string(), z.tuple([z.number(), z.number()])),
  answers: z.record(z.string(), answer),
  losses: z.record(z.string(), z.number()),
  withoutGradient: z.array(z.string()),
  notFinite: z.array(z.string()),
})

const folder = mkdtempSync(join(tmpdir(), 'wsban-pytorch-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const lacking = lacksModules('torch', 'safetensors')
const has = (tool: string) => spawnSync(python, ['-m', tool, '--version']).status === 0
const [ruff, mypy] = [has('ruff'), has('mypy')]

for (const [index, subject] of subjects.entries())
  test.serial(`PyTorch computes the outputs of ONNX Runtime: ${title(subject)}`, async (t) => {
    if (skipped(t, lacking)) return
    const spec = compileFile(subject.path, subject.settings)
    const { graph, stored, diagnostics } = spec
    const place = join(folder, String(index))
    if (!graph) throw new Error(JSON.stringify(diagnostics))
    await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed })
    checkPython(t, place)
    const weights = join(place, 'weights.safetensors')
    const tensors = [...graph.parameters.values()].map(
      (parameter) => [parameter.name, { shape: parameter.shape, values: initialValues(parameter, seed) }] as const,
    )
    await writeSafetensors(weights, { tensors: new Map(tensors), metadata: {} })
    const images = join(place, 'images.safetensors')
    const image = imagesFor(graph)
    const label = graph.label && { shape: [2], values: Float32Array.of(0, 1) }
    await writeSafetensors(images, {
      tensors: new Map(
        Object.entries({ image, ...(label && graph.losses.length > 0 && { label, ...viewsFor(graph) }) }),
      ),
      metadata: {},
    })
    const script = join(packageRoot(), 'test', 'pytorch', 'run_model.py')
    const found = answered.parse(JSON.parse(runPython([script, place, className([graph.name]), weights, images])))

    t.deepEqual([...found.keys].sort(), [...graph.parameters.keys()].sort())
    for (const parameter of graph.parameters.values()) {
      const [mean, deviation] = found.fresh[parameter.name] ?? [Number.NaN, Number.NaN]
      t.is(beginsWrong(parameter, mean, deviation), undefined)
    }
    const expected = await byOnnxRuntime({ graph, stored }, join(place, 'model.onnx'), image)
    t.deepEqual(Object.keys(found.answers).sort(), Object.keys(expected).sort())
    for (const [name, output] of Object.entries(found.answers)) {
      const there = expected[name]
      if (!there) throw new Error(`no ${name}`)
      const values = there.data as Float32Array
      const wanted = tensor(there.dims, values)
      const allowed = basename(subject.path) === 'tasn_tiny.wsban' ? toleranceOfSamples : tolerance
      t.is(differs(wanted, tensor(output.shape, output.data), allowed), undefined, name)
    }
    t.deepEqual(Object.keys(found.losses), label ? graph.losses.map(({ name }) => `loss/${name}`) : [])
    t.true(Object.values(found.losses).every(Number.isFinite))
    t.deepEqual(found.notFinite, [])
    if (graph.losses.length > 0) {
      // Weights that no loss depends on have no gradient, and neither have those of a teacher.
      const trained = specialise({ ...graph, predictions: [], logits: [], crops: [], early: [] }, 'training').parameters
      const taught = new Set(weightsWithoutGradient(graph, graph.nodes).map(({ name }) => name))
      const idle = [...graph.parameters.values()].filter(
        ({ name, trainable }) => trainable && (!trained.has(name) || taught.has(name)),
      )
      t.deepEqual(found.withoutGradient.sort(), idle.map(({ name }) => name).sort())
    }
  })

/** Asserts that the Python files of a folder compile and pass ruff and mypy. */
function checkPython(t: ExecutionContext, place: string): void {
  t.notThrows(() => execFileSync(python, ['-m', 'compileall', '-q', place]))
  const ask = (...args: readonly string[]) => spawnSync(python, ['-m', ...args], { cwd: place, encoding: 'utf8' })
  if (ruff) {
    t.is(ask('ruff', 'format', '--diff', '--no-cache', '.').stdout, '')
    t.is(ask('ruff', 'check', '--quiet', '--no-cache', '.').stdout, '')
  } else t.log(`the format was not checked: ${python} lacks ruff`)
  if (mypy) {
    const { stdout, stderr } = ask('mypy', '--strict', '--no-error-summary', '--cache-dir', join(folder, 'mypy'), '.')
    t.is(stdout + stderr, '')
  } else t.log(`types were not checked: ${python} lacks mypy`)
}

test('the Python of every operation is formatted, linted and typed', (t) => {
  if (skipped(t, lacking)) return
  // A copy, as compiling writes files beside the sources.
  const place = join(folder, 'operations')
  cpSync(join(packageRoot(), 'compiler', 'ops', 'python'), place, { recursive: true })
  checkPython(t, place)
})

test('the code has the right types where names of the spec are those of nn.Module', async (t) => {
  await checkTypes(
    t,
    'names',
    `block two(x, y) { return conv2d(concat(x, y), 4, 1) }
block inner(x) {
  half = conv2d(x, 4, 3, padding = 1)
  type = relu(half) -> conv2d(4, 1)
  return type
}
block listed(x) { steps = x -> conv2d(4, 1) -> relu -> conv2d(4, 1) -> batch_norm
  return steps }
model names(classes = 3) {
  input image: Image[3, 8, 8]
  input label: Class[classes]
  branch eval(image) {
    lambda = inner(image)
    values = listed(lambda)
    both   = two(lambda, values)
    logits = both -> global_avg_pool -> linear(classes)
  }
  loss { keys = center_loss(global_avg_pool(eval.both), label), error = cross_entropy(eval.logits, label) }
  predict probabilities = softmax(eval.logits)
}
`,
  )
})

test('the code has the right types where a list holds modules with a method beside forward', async (t) => {
  await checkTypes(
    t,
    'lists',
    `block unit(x) {
  conv = conv2d(x, 4, 3, padding = 1)
  return relu(conv)
}
block pair(x) {
  first = unit(x)
  return unit(first)
}
block filtered(x) {
  first = conv2d(x, 4, 1)
  return conv2d(first, 4, 1)
}
model lists(classes = 3) {
  input image: Image[3, 8, 8]
  input label: Class[classes]
  branch whole(image) {
    stem     = unit(image)
    pairs    = repeat 2 as i, x = stem { return pair(x) }
    named    = repeat 2 as i, x = pairs named "pair{i}" { return pair(x) }
    filters  = repeat 2 as i, x = named { return filtered(x) }
    wrapped  = repeat 2 as i, x = filters { active = relu(x)
      return filtered(active) }
    logits   = wrapped -> global_avg_pool -> linear(classes)
  }
  loss { error = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
}
`,
  )
})

/** Asserts that the code of a spec passes ruff and mypy. */
async function checkTypes(t: ExecutionContext, name: string, text: string): Promise<void> {
  if (skipped(t, lacking)) return
  const path = join(folder, `${name}.wsban`)
  writeFileSync(path, text)
  const spec = compileFile(path)
  const { graph, diagnostics } = spec
  if (!graph) throw new Error(JSON.stringify(diagnostics))
  const place = join(folder, name)
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed })
  checkPython(t, place)
}

function title({ path, settings }: Subject): string {
  return `${basename(path)} ${JSON.stringify(settings)}`
}

function imagesFor({ image: { channels, height, width } }: Graph) {
  const random = new Random(keyOf('images', seed))
  const shape = [2, channels, height, width]
  return { shape, values: Float32Array.from({ length: 2 * channels * height * width }, () => random.uniform(-1, 1)) }
}

/** Views of as many images, by `view/NAME`. */
function viewsFor({ views, image: { channels } }: Graph) {
  return Object.fromEntries(
    views.map(({ name, size }) => {
      const random = new Random(keyOf('images', name, seed))
      const values = Float32Array.from({ length: 2 * channels * size * size }, () => random.uniform(-1, 1))
      return [`view/${name}`, { shape: [2, channels, size, size], values }]
    }),
  )
}

async function byOnnxRuntime(
  spec: Pick<Parameters<typeof exportOnnx>[0], 'graph' | 'stored'>,
  path: string,
  image: { readonly shape: number[]; readonly values: Float32Array },
) {
  await exportOnnx({ ...spec, classes: undefined, path, input: 'tensor', weights: { seed } })
  const session = await InferenceSession.create(path, { logSeverityLevel: 3 })
  return session.run({ [spec.graph.image.name]: new OrtTensor('float32', image.values, image.shape) })
}

/** Returns undefined if initial values have the mean and standard deviation of their distribution, within five standard errors. */
function beginsWrong({ name, shape, initializer }: Parameter, mean: number, deviation: number): string | undefined {
  const count = shape.reduce((product, size) => product * size, 1)
  const wanted =
    initializer.kind === 'constant'
      ? 0
      : initializer.kind === 'normal'
        ? initializer.deviation
        : initializer.bound / Math.sqrt(3)
  const centre = initializer.kind === 'constant' ? Math.fround(initializer.value) : 0
  const error = (5 * wanted) / Math.sqrt(count)
  const fits = Math.abs(mean - centre) <= error + 1e-12 && (count < 30 || Math.abs(deviation - wanted) <= error + 1e-12)
  return fits ? undefined : `${name} begins with mean ${mean} and deviation ${deviation}, not ${centre} and ${wanted}`
}
