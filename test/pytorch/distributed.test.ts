import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { startWsban, wsbanIn } from '../support/commands.js'
import { deterministicTiny } from '../support/deterministic_tiny.js'
import { writeFewBirds } from '../support/few_birds.js'
import { lacksModules, python, skipped } from '../support/python.js'
import { digestOf, lossesOf, recordsOf, stepsReached, weightsApart } from '../support/run_files.js'

/** Two processes under torchrun, by gloo, with half of each batch. */
const lacking = lacksModules('torch', 'safetensors', 'PIL')
const folder = mkdtempSync(join(tmpdir(), 'wsban-distributed-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const wsban = wsbanIn(folder)

/** The whole method, crop and centres included, without batch norm. */
const plain = `
block layer(x, channels) {
  return x -> conv2d(channels, 3, stride = 2, padding = 1) -> relu
}

model plain(classes = 8, size = 96) {
  input image: Image[3, size, size] { resize(size), normalize(mean = 0.5, deviation = 0.5) }
  input label: Class[classes]
  branch master(image) {
    features  = image -> layer(16) -> layer(24) -> layer(48)
    attention = features -> conv2d(8, 1) -> relu
    embedding = bap(features, attention, pool = mean) -> signed_sqrt -> l2_normalize
    logits    = embedding -> scale(20) -> linear(classes)
  }
  crop = crop_sampler(image, guide = mean(master.attention), threshold = 40%, region = largest, margin = 5%)
  branch part = master(crop)
  loss {
    master  = cross_entropy(master.logits, label)
              + distill(student = master.logits, teacher = detach(part.logits), temperature = 4)
    part    = cross_entropy(part.logits, label)
    centres = center_loss(master.embedding, label, per = class, momentum = 95%)
  }
  predict probabilities = mean(softmax(master.logits), softmax(part.logits))
  train {
    epochs = 2, batch = 16, optimizer = sgd(rate = 0.002), clip = 5
    augment image { resize(size), flip(horizontal) }
  }
}
`

test.before(async () => {
  if (lacking) return
  await writeFewBirds(join(folder, 'birds'), { train: 10, val: 3 })
  writeFileSync(join(folder, 'plain.wsban'), plain)
  writeFileSync(join(folder, 'tiny.wsban'), deterministicTiny)
})

function options(spec: string, out: string, processes: number): string[] {
  const engine = ['--engine', 'pytorch', '--processes', String(processes), '--sync-batch-norm']
  return [
    'train',
    spec,
    '--data',
    'birds',
    '-o',
    out,
    '--epochs',
    '2',
    '--save-every',
    '0',
    '--workers',
    '1',
    ...engine,
  ]
}

// Ten steps amplify what the first one rounds: one process with another number of threads ends 1e-5 apart,
// with other vector instructions 5e-5. A learning rate that is wrong by 1 % ends 4.5e-4 apart.
for (const { spec, more, tolerance } of [
  { spec: 'plain', more: [], tolerance: 2e-4 },
  { spec: 'plain', more: ['--train', 'accumulate=2'], tolerance: 2e-4 },
  { spec: 'tiny', more: ['--train', 'optimizer=sgd(rate=0.02)'], tolerance: 1e-3 },
])
  test.serial(`two processes take the ten steps of one: ${[spec, ...more].join(' ')}`, async (t) => {
    if (skipped(t, lacking)) return
    const place = `${spec} ${more.length}`
    for (const processes of [1, 2]) {
      const { status, err } = wsban(...options(`${spec}.wsban`, `${place} ${processes}`, processes), ...more)
      t.is(status, 0, err)
    }
    const [one, two] = [join(folder, `${place} 1`), join(folder, `${place} 2`)]
    const apart = await weightsApart(one, two)
    const paces = [one, two].map((run) => {
      const last = recordsOf(run).at(-1)
      return last?.kind === 'epoch' ? last.secondsPerStep : Number.NaN
    })
    t.log(
      `weights apart ${apart.toExponential(1)}; seconds a step ${paces.map((pace) => pace.toFixed(3)).join(' and ')}`,
    )
    t.true(apart < tolerance, `${apart}`)
    const [losses = [], others = []] = [lossesOf(one), lossesOf(two)]
    t.is(losses.length, others.length)
    const [first = {}, beside = {}] = [losses[0], others[0]]
    for (const [name, value] of Object.entries(first))
      t.true(Math.abs(value - (beside[name] ?? 0)) < 1e-4 * value, name)
    // Evaluation counts the validation images of both processes.
    const scores = [one, two].map((run) =>
      recordsOf(run).flatMap((record) => (record.kind === 'epoch' ? [record.val.images] : [])),
    )
    t.deepEqual(scores, [
      [24, 24],
      [24, 24],
    ])
  })

test.serial('one of two processes is killed: the run is intact, and resumes to the same result', async (t) => {
  if (skipped(t, lacking)) return
  const whole = wsban(...options('tiny.wsban', 'whole', 2))
  t.is(whole.status, 0, whole.err)
  const { child, ended } = startWsban(folder, options('tiny.wsban', 'killed', 2))
  await stepsReached(join(folder, 'killed'), 7, () => child.exitCode === null)
  const [, second = 0] = workersOf('killed')
  t.true(second > 0)
  process.kill(second, 'SIGKILL')
  const { status, err } = await ended
  t.is(status, 1, err)
  t.regex(err, /error\[pytorch-failed\]/)
  t.regex(err, /killed holds epoch-0001, a complete checkpoint: continue with --resume/)
  const again = wsban(...options('tiny.wsban', 'killed', 2), '--resume')
  t.is(again.status, 0, again.err)
  t.deepEqual(lossesOf(join(folder, 'killed')), lossesOf(join(folder, 'whole')))
  t.is(await digestOf(join(folder, 'killed')), await digestOf(join(folder, 'whole')))
})

test.serial('torchrun restarts the training after a process died', async (t) => {
  if (skipped(t, lacking)) return
  const code = join(folder, 'code')
  const compiled = wsban('compile', 'tiny.wsban', '--set', 'classes=8', '--target', 'pytorch', '-o', code)
  t.is(compiled.status, 0, compiled.err)
  const run = join(folder, 'elastic')
  const torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2', '--max-restarts', '1']
  const args = [
    '--data',
    join(folder, 'birds'),
    '--out',
    run,
    '--epochs',
    '2',
    '--save-every',
    '0',
    '--sync-batch-norm',
  ]
  const child = spawn(python, [...torchrun, join(code, 'train.py'), ...args, '--workers', '1'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  })
  const ended = new Promise<number | null>((settle) => child.on('close', settle))
  await stepsReached(run, 7, () => child.exitCode === null)
  const [first = 0] = workersOf('elastic')
  t.true(first > 0)
  process.kill(first, 'SIGKILL')
  t.is(await ended, 0)
  t.deepEqual(
    lossesOf(run).map(({ total }) => total),
    lossesOf(join(folder, 'whole')).map(({ total }) => total),
  )
  t.is(await digestOf(run), await digestOf(join(folder, 'whole')))
})

/** Returns the ids of the processes that train into a run: torchrun's children, without their own children. */
function workersOf(run: string): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid,ppid,args'], { encoding: 'utf8' }).trim().split('\n')
  const all = lines.flatMap((line) => {
    const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
    return args.includes('train.py') && args.includes(run) ? [{ pid: Number(pid), parent: Number(parent), args }] : []
  })
  const [agent] = all.filter(({ args }) => args.includes('torch.distributed.run'))
  return all.flatMap(({ pid, parent }) => (parent === agent?.pid ? [pid] : []))
}
