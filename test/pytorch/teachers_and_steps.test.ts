import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { averagedName } from '../../compiler/graph/graph.js'
import { present } from '../../grammar/present.js'
import { readSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { startWsban, wsbanIn } from '../support/commands.js'
import { writeFewBirds } from '../support/few_birds.js'
import { killedAfterSaving } from '../support/kills.js'
import { lacksModules, skipped } from '../support/python.js'
import { digestOf, lastCheckpoint, lossesOf, stepsReached, weightsApart } from '../support/run_files.js'

/**
 * A teacher that is the moving average of its student, views of the image, and several optimizer steps on a batch: the engines agree over ten steps,
 * two processes compute the steps of one, and a killed run resumes exactly.
 */
const lacking = lacksModules('torch', 'safetensors', 'PIL')
const folder = mkdtempSync(join(tmpdir(), 'wsban-teachers-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const wsban = wsbanIn(folder)

const decay = 0.9
/** Smooth, so that rounding is not amplified. */
const spec = (train: string) => `
block layer(x, channels) {
  return x -> conv2d(channels, 3, stride = 2, padding = 1) -> tanh
}

model stepping(classes = 8, size = 48) {
  input image: Image[3, size, size] { resize(size), normalize(mean = 0.5, deviation = 0.5) }
  input label: Class[classes]
  input second: View[3, size, size]
  input near: View[3, 32, 32] { random_resized_crop(32, scale_max = 50%), flip(horizontal) }
  branch student(image) {
    early  = image -> layer(16) -> layer(24)
    late   = layer(early, 32)
    logits = linear(global_avg_pool(late), classes)
    beside = linear(global_avg_pool(early), classes)
  }
  teacher = ema(student, ${decay})
  target  = teacher(second)
  branch local = student(near)
  loss {
    student = cross_entropy(student.logits, label)
    beside  = cross_entropy(student.beside, label)
    global  = distill(student = student.logits, teacher = target.logits, temperature = 4)
    local   = distill(student = local.logits, teacher = target.logits, temperature = 4)
  }
  predict probabilities = softmax(teacher.logits)
  train {
    epochs = 2, batch = 16
    ${train}
    augment image { random_resized_crop(size, scale_min = 50%), flip(horizontal) }
  }
}
`

test.before(async () => {
  await writeFewBirds(join(folder, 'birds'), { train: 10, val: 2 })
  const steps = 'steps = [beside, student + global, local]'
  writeFileSync(join(folder, 'sgd.wsban'), spec(`optimizer = sgd(rate = 0.05, momentum = 0.9)\n    ${steps}`))
  writeFileSync(join(folder, 'adam.wsban'), spec(`optimizer = adam(rate = 0.002, eps = 1e-3)\n    ${steps}`))
  writeFileSync(join(folder, 'one.wsban'), spec('optimizer = sgd(rate = 0.05, momentum = 0.9)'))
})

function argumentsFor(name: string, ...more: readonly string[]): string[] {
  return ['train', `${name}.wsban`, '--data', 'birds', '--save-every', '0', '--workers', '1', ...more]
}

function train(t: ExecutionContext, name: string, out: string, ...more: readonly string[]): string {
  const { status, err } = wsban(...argumentsFor(name, ...more), '-o', out)
  t.is(status, 0, err)
  return join(folder, out)
}

/** The average of a weight by its definition, from the weights after each step. */
test.serial('a teacher is the average of its student by the formula', async (t) => {
  const own = ['--train', 'batch=80', '--epochs']
  const weightsAfter = async (epochs: string) => {
    const run = train(t, 'one', `formula ${epochs}`, ...own, epochs)
    return (await readSafetensors(join(lastCheckpoint(run), 'weights.safetensors'))).tensors
  }
  // One step an epoch.
  const [first, second] = [await weightsAfter('1'), await weightsAfter('2')]
  const average = { path: 'teacher', of: 'student', decay }
  const names = [...second.keys()].filter((name) => name.startsWith('teacher.'))
  t.is(names.length, 8)
  for (const name of names) {
    const valuesIn = (tensors: typeof first, key: string) => present(tensors.get(key), key).values
    const [before, after] = [valuesIn(first, name), valuesIn(second, name)]
    const student = valuesIn(second, averagedName(name, average))
    after.forEach((value, index) => {
      const expected = decay * (before[index] ?? Number.NaN) + (1 - decay) * (student[index] ?? Number.NaN)
      t.true(Math.abs(value - expected) < 1e-6, name)
    })
  }
})

for (const name of ['sgd', 'adam', 'one'])
  test.serial(`the engines agree over ten batches: ${name}`, async (t) => {
    if (skipped(t, lacking)) return
    const ours = train(t, name, `${name} ours`, '--engine', 'tfjs-node')
    const theirs = train(t, name, `${name} theirs`, '--engine', 'pytorch')
    const [losses, others] = [lossesOf(ours), lossesOf(theirs)]
    t.is(losses.length, 10)
    losses.forEach((one, step) => {
      const other = present(others[step], `step ${step}`)
      t.deepEqual(Object.keys(one), Object.keys(other))
      for (const [loss, value] of Object.entries(one))
        t.true(Math.abs(value - present(other[loss], loss)) < 1e-4 * Math.max(1, value), `${loss} at step ${step}`)
    })
    const apart = await weightsApart(ours, theirs)
    t.log(`weights apart ${apart.toExponential(1)}`)
    t.true(apart < 1e-4, `${apart}`)
  })

test.serial('two processes take the steps of one', async (t) => {
  if (skipped(t, lacking)) return
  const engine = ['--engine', 'pytorch', '--processes']
  const [one, two] = [1, 2].map((count) => train(t, 'sgd', `processes ${count}`, ...engine, String(count)))
  const apart = await weightsApart(present(one, 'a run'), present(two, 'a run'))
  t.log(`weights apart ${apart.toExponential(1)}`)
  t.true(apart < 1e-4, `${apart}`)
})

test.serial('a run that was killed between batches ends as if nothing had been', async (t) => {
  const often = ['--save-every', '0.0001']
  const whole = train(t, 'adam', 'whole', ...often)
  const run = join(folder, 'killed')
  await killedAfterSaving(folder, run, argumentsFor('adam', ...often), 20)
  train(t, 'adam', 'killed', ...often, '--resume')
  t.is(await digestOf(run), await digestOf(whole))
  t.deepEqual(lossesOf(run), lossesOf(whole))
})

test.serial('the same in PyTorch', async (t) => {
  if (skipped(t, lacking)) return
  const engine = ['--engine', 'pytorch']
  const whole = train(t, 'adam', 'whole in PyTorch', ...engine)
  const run = join(folder, 'stopped')
  const { child, ended } = startWsban(folder, [...argumentsFor('adam', ...engine), '-o', run])
  await stepsReached(run, 3, () => child.exitCode === null)
  child.kill('SIGINT')
  t.is((await ended).status, 130)
  train(t, 'adam', 'stopped', ...engine, '--resume')
  t.is(await digestOf(run), await digestOf(whole))
})

test.serial('the exported file holds the teacher alone, and answers as the run does', (t) => {
  const run = train(t, 'one', 'exported')
  const exported = wsban('export', run, '-o', 'teacher.onnx')
  t.is(exported.status, 0, exported.err)
  const verified = wsban('verify', 'teacher.onnx', '--against', run, '--data', 'birds')
  t.is(verified.status, 0, verified.err)
})
