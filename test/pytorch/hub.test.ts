import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { json, startWsban } from '../support/commands.js'
import { LoopbackHub } from '../support/hub.js'
import { lacksModules, python, skipped } from '../support/python.js'
import { drawShapes } from '../support/shapes.js'
import { sharp } from '../support/sharp.js'

/** Probabilities of one model in two engines. */
const tolerance = 1e-5

/** Trunks by the way in which the model uses them; see hub_trunk.py. */
const trunks = [
  {
    name: 'test_efficientnet',
    features: 'features',
    logits: 'trunk.features -> global_avg_pool -> linear(classes)',
  },
  // Truncated: only timm's network has the later layers.
  { name: 'test_resnet', features: '3', logits: 'trunk.layer3 -> global_avg_pool -> linear(classes)' },
  // With the network's own classifier, for an image size that it was not published for.
  { name: 'test_vit', features: 'classifier', logits: undefined },
]

const specOf = (name: string, logits: string | undefined) => `model net(classes = 2, size = 64, trunk = "${name}") {
  input image: Image[3, size, size] { resize(size, interpolation = trunk), normalize(mean = trunk, deviation = trunk) }
  input label: Class[classes]
  branch whole(image) {
    ${
      logits === undefined
        ? 'logits = backbone(image, trunk, classes = classes)'
        : `trunk = backbone(image, trunk)\n    logits = ${logits}`
    }
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train { epochs = 1, batch = 4 optimizer = sgd(rate = 0.01) schedule = cosine }
}
`

const work = mkdtempSync(join(tmpdir(), 'wsban-hub-timm-'))
test.after.always(() => rmSync(work, { recursive: true, force: true }))

const loaded = z.object({ architecture: z.string(), probabilities: z.array(z.number()) })
const predicted = z.object({
  predictions: z.array(z.object({ classes: z.array(z.object({ name: z.string(), probability: z.number() })) })),
})

test('timm loads the trunk of a published run, which computes the same', async (t) => {
  if (skipped(t, lacksModules('torch', 'timm', 'huggingface_hub', 'safetensors', 'PIL'))) return
  const hub = await LoopbackHub.open('someone')
  try {
    const environment = { ...process.env, ...hub.environment(join(work, 'cache')) }
    const wsban = async (...args: string[]) => {
      const result = await startWsban(work, args, undefined, environment).ended
      t.is(result.status, 0, result.err)
      return result
    }
    await drawShapes(join(work, 'shapes'))
    const photo = join(work, 'photo.png')
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, index) => (index * 7919) % 251)
    await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toFile(photo)
    for (const { name, features, logits } of trunks) {
      const repository = `someone/${name}`
      const run = `run-${name}`
      writeFileSync(join(work, 'net.wsban'), specOf(name, logits))
      await wsban('train', 'net.wsban', '--data', 'shapes', '-o', run)
      await wsban('push', run, repository, '--license', 'mit')
      const weights = join(work, `${name}.safetensors`)
      writeFileSync(weights, hub.filesOf(repository).get('model.safetensors') ?? '')
      const script = join(packageRoot(), 'test', 'pytorch', 'hub_trunk.py')
      const { architecture, probabilities } = loaded.parse(
        JSON.parse(await printedBy([script, repository, weights, photo, features], environment)),
      )
      t.is(architecture, name)
      const answer = predicted.parse(json(await wsban('predict', run, photo, '--json', '--engine', 'cpu')))
      const expected = new Map(answer.predictions[0]?.classes.map((one) => [one.name, one.probability]))
      const classes = z
        .object({ classes: z.array(z.string()) })
        .parse(JSON.parse(hub.filesOf(repository).get('run.json')?.toString() ?? '')).classes
      t.is(probabilities.length, classes.length)
      const difference = Math.max(
        ...probabilities.map((value, index) => Math.abs(value - (expected.get(classes[index] ?? '') ?? Number.NaN))),
      )
      t.log(`${name}: ${difference}`)
      t.true(difference <= tolerance, `${name}: ${difference}`)
    }
  } finally {
    hub.close()
  }
})

/** The hub is in this process, so it must not wait for the child. */
function printedBy(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((settle, fail) => {
    const child = spawn(python, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
    let [out, err] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    child.on('error', fail)
    child.on('close', (status) => (status === 0 ? settle(out) : fail(new Error(err))))
  })
}
