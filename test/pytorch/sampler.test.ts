import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Result, wsbanIn } from '../support/commands.js'
import { writeFewBirds } from '../support/few_birds.js'
import { lacksModules, skipped } from '../support/python.js'
import { lossesOf, weightsApart } from '../support/run_files.js'

/** Training with the sampler and losses of pairs in both engines. */
const lacking = lacksModules('torch', 'safetensors', 'PIL')
const folder = mkdtempSync(join(tmpdir(), 'wsban-sampler-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const wsban = wsbanIn(folder)

const spec = `
import npair_loss, supervised_contrastive, triplet_loss from "blocks/metric_losses"

model pairs(classes = 8, size = 96) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) {
    features  = image -> conv2d(16, 5, stride = 4) -> relu -> conv2d(24, 3, stride = 2) -> relu
    embedding = features -> global_avg_pool -> linear(12)
  }
  loss {
    triplet     = triplet_loss(whole.embedding, label, soft = true)
    contrastive = supervised_contrastive(whole.embedding, label)
    npair       = npair_loss(whole.embedding, label)
  }
  predict embedding = whole.embedding
  train {
    epochs    = 2
    sampler   = classes(4, images = 4)
    optimizer = sgd(rate = 0.02)
    augment image { resize(size), flip(horizontal) }
  }
}
`

test.before(async () => {
  if (lacking) return
  await writeFewBirds(join(folder, 'birds'), { train: 10, val: 3 })
  writeFileSync(join(folder, 'pairs.wsban'), spec)
})

function train(out: string, ...more: readonly string[]): Result {
  return wsban('train', 'pairs.wsban', '--data', 'birds', '-o', out, '--save-every', '0', ...more)
}

function done(t: ExecutionContext, { status, err }: Result): void {
  t.is(status, 0, err)
}

test.serial('ten steps with the sampler agree in both engines', async (t) => {
  if (skipped(t, lacking)) return
  done(t, train('ours', '--engine', 'tfjs-node'))
  done(t, train('theirs', '--engine', 'pytorch'))
  const [ours, theirs] = [lossesOf(join(folder, 'ours')), lossesOf(join(folder, 'theirs'))]
  t.is(theirs.length, 10)
  t.is(ours.length, 10)
  const apart = ours.map((losses, step) =>
    Math.max(
      ...Object.entries(losses).map(([name, value]) => Math.abs(value - (theirs[step]?.[name] ?? Number.NaN)) / value),
    ),
  )
  t.log(`losses apart after each step: ${apart.map((one) => one.toExponential(1)).join(', ')}`)
  t.true(apart.every((one) => one < 1e-5))
  t.true((await weightsApart(join(folder, 'ours'), join(folder, 'theirs'))) < 1e-4)
})

test.serial('a batch that the sampler does not fill is an error before training', (t) => {
  if (skipped(t, lacking)) return
  for (const engine of ['tfjs-node', 'pytorch']) {
    const batch = train(`batch ${engine}`, '--engine', engine, '--batch', '8')
    t.is(batch.status, 2, batch.err)
    t.regex(batch.err, /the sampler fills batches with 4 x 4 = 16 images, not with 8/)
  }
})
