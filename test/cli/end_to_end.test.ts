import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { readOnnxMetadata } from '../../runtime/inference/onnx_metadata.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { writeSafetensors } from '../../runtime/weights/formats/safetensors.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { json, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const root = packageRoot()
const tiny = join(root, 'models', 'wsban_tiny.wsban')
const folder = mkdtempSync(join(tmpdir(), 'wsban end to end '))
const data = join(folder, 'two kinds')

const wsban = wsbanIn(folder)

test.before(async (t) => {
  t.true(existsSync(join(root, 'dist', 'cli', 'main.js')), 'npm run build comes first; npm test does it')
  await drawShapes(data)
})

test.after.always(() => {
  rmSync(folder, { recursive: true, force: true })
})

test.serial('train, evaluate, export, verify, predict, report', async (t) => {
  const run = join(folder, 'a run')
  const trained = wsban('train', tiny, '--data', data, '-o', run, '--epochs', '6', '--batch', '4', '--json')
  t.is(trained.status, 0, trained.err)
  t.true(json(trained).ok)

  const again = wsban('train', tiny, '--data', data, '-o', run)
  t.is(again.status, 2)
  t.regex(again.err, /run-exists/)

  const onnx = join(folder, 'model.onnx')
  t.is(wsban('export', run, '-o', onnx).status, 0)
  const verified = wsban('verify', onnx, '--against', run, '--data', data, '--json')
  t.is(verified.status, 0, verified.out + verified.err)

  const [byEngine, byOnnx] = [run, onnx].map((source) => json(wsban('evaluate', source, '--data', data, '--json')))
  t.deepEqual(byEngine?.top1, byOnnx?.top1)
  t.deepEqual(byEngine?.confusion, byOnnx?.confusion)
  const compared = wsban('evaluate', onnx, '--data', data, '--compare', run)
  t.is(compared.status, 0, compared.err)
  t.regex(compared.out, /calibration error: \d+\.\d %/)
  t.regex(
    compared.out,
    /top-1 0\.0 points, 95 % confidence interval 0\.0 to 0\.0 .*\n.*0 images classified correctly only by this one.*p = 1\.0/,
  )

  const small = join(folder, 'small.onnx')
  const eight = wsban('export', run, '-o', small, '--precision', 'int8', '--data', data, '--max-drop', '1', '--json')
  t.is(eight.status, 0, eight.err)
  const { accuracy, speed } = z
    .object({
      accuracy: z.object({ images: z.number() }),
      speed: z.object({ fp32: z.number().positive(), int8: z.number().positive() }),
    })
    .parse(json(eight))
  t.is(/int8 is not faster than fp32/.test(eight.err), speed.int8 >= speed.fp32)
  t.deepEqual(JSON.parse((await readOnnxMetadata(small)).speed ?? ''), speed)
  t.true(accuracy.images === json(wsban('evaluate', small, '--data', data, '--json')).images)
  t.true(statSync(small).size < 0.5 * statSync(onnx).size)
  t.is(wsban('verify', onnx, '--against', run, '--data', data).status, 0)

  const image = join(data, 'val', 'blue <square>', '1.jpg')
  const predicted = wsban(
    'predict',
    onnx,
    image,
    join(folder, 'nothing.jpg'),
    '--heatmaps',
    join(folder, 'seen'),
    '--json',
  )
  t.is(predicted.status, 1, 'one of the two images does not exist')
  const list = z
    .object({
      predictions: z.array(
        z.object({
          image: z.string(),
          error: z.object({ code: z.string() }).optional(),
          box: z.array(z.number()).optional(),
        }),
      ),
    })
    .parse(json(predicted))
  t.is(list.predictions[0]?.box?.length, 4)
  t.is(list.predictions[1]?.error?.code, 'image-unreadable')
  t.true(existsSync(join(folder, 'seen', '1.heatmap.png')))

  const [reportPath, card] = [join(folder, 'report.html'), join(folder, 'card.md')]
  const report = wsban('report', run, '-o', reportPath, '--baseline', run, '--card', card)
  t.is(report.status, 0, report.err)
  const html = readFileSync(reportPath, 'utf8')
  t.false(html.includes('blue <square>'), 'class names are escaped')
  t.true(html.includes('blue &lt;square&gt;'))
  t.true(html.includes('No difference is shown between the model and the baseline'), 'the run itself')
  const cardText = readFileSync(card, 'utf8')
  t.true(cardText.includes('blue \\<square\\>'), 'and in Markdown')
  t.regex(cardText, /^# Model card: /)

  const consumer = /```js\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs', 'onnx.md'), 'utf8'))?.[1] ?? ''
  writeFileSync(join(folder, 'consumer.mjs'), consumer)
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  const consumed = spawnSync(process.execPath, [join(folder, 'consumer.mjs'), onnx, image], { encoding: 'utf8' })
  t.is(consumed.status, 0, consumed.stderr)
  t.regex(consumed.stdout, /^[01] 0\.\d+/)
})

test.serial('weights of a run: looked into, converted, begun from, evaluated', (t) => {
  const [run, converted] = [join(folder, 'source run'), join(folder, 'converted.safetensors')]
  const flags = ['--data', data, '--epochs', '1', '--batch', '4']
  t.is(wsban('train', 'wsban_tiny', ...flags, '-o', run).status, 0)
  const inspected = z
    .object({ format: z.string(), tensors: z.array(z.object({ name: z.string(), shape: z.array(z.number()) })) })
    .parse(json(wsban('weights', 'inspect', run, '--json')))
  t.is(inspected.format, 'safetensors')
  t.true(inspected.tensors.some(({ name }) => name === 'master.trunk.layer1.conv1.conv.weight'))
  t.is(wsban('weights', 'convert', run, converted).status, 0)
  const [own, other] = [[run], [tiny, '--weights', converted]].map((source) =>
    json(wsban('evaluate', ...source, '--data', data, '--json')),
  )
  t.deepEqual(other?.confusion, own?.confusion)
  const begun = wsban('train', tiny, ...flags, '--weights', converted, '-o', join(folder, 'begun'))
  t.regex(begun.err, /weights from .* into the model\n +matched +\d+ tensors/)
  const tasn = join(root, 'models', 'tasn_tiny.wsban')
  const wrong = wsban('train', tasn, ...flags, '--weights', converted, '-o', join(folder, 'wrong'))
  t.is(wrong.status, 1)
  t.regex(wrong.err, /weights-do-not-fit[\s\S]*missing/)
  t.false(existsSync(join(folder, 'wrong')), 'nothing was made')
  const spec = join(folder, 'named.wsban')
  const text = readFileSync(tiny, 'utf8').replace('tiny(image)', 'tiny(image, weights = "converted.safetensors")')
  writeFileSync(spec, text)
  const named = wsban('train', spec, ...flags, '-o', join(folder, 'named'))
  t.is(named.status, 0, named.err)
  t.regex(named.err, /weights from converted\.safetensors into master\.trunk \(its names begin with master\.trunk\.\)/)
  t.is(wsban('weights', 'pull', 'unknown').status, 2)
  t.regex(wsban('weights', 'pull').out, /efficientnet_lite0/)
})

test.serial('export from a spec is the same for the same seed, and another for another', (t) => {
  const file = (seed: number, name: string) => {
    const path = join(folder, name)
    t.is(wsban('export', tiny, '--seed', String(seed), '-o', path).status, 0)
    return readFileSync(path)
  }
  t.true(file(1, 'a.onnx').equals(file(1, 'b.onnx')))
  t.false(file(1, 'a.onnx').equals(file(2, 'c.onnx')))
})

test.serial("export takes a backbone's weights, and says what is random beside them", async (t) => {
  const { graph } = compileFile(tiny)
  if (!graph) throw t.fail('the model does not compile')
  const own = 'master.trunk.'
  const trunk = [...graph.parameters.values()].filter(({ name }) => name.startsWith(own))
  const tensors = trunk.map(
    (parameter) =>
      [
        `module.${parameter.name.slice(own.length)}`,
        { shape: parameter.shape, values: initialValues(parameter, 5) },
      ] as const,
  )
  const [weights, onnx] = [join(folder, 'trunk.safetensors'), join(folder, 'trunk.onnx')]
  await writeSafetensors(weights, { tensors: new Map(tensors), metadata: {} })
  const from = ['--weights', weights, '--seed', '3']
  const exported = wsban('export', tiny, ...from, '-o', onnx)
  t.is(exported.status, 0, exported.err)
  t.regex(
    exported.err,
    /trunk\.safetensors holds the weights of master\.trunk only: .* and \d+ more are random, from seed 3\n/,
  )
  t.regex(exported.out, /, partly random weights from seed 3\n/)
  t.is(wsban('verify', onnx, '--against', 'wsban_tiny', ...from).status, 0)
  t.is(wsban('verify', onnx, '--against', tiny, '--weights', weights, '--seed', '4').status, 1, 'another classifier')
  t.is(wsban('verify', onnx, '--against', tiny, '--seed', '3').status, 1, 'another backbone')
  const evaluated = wsban('evaluate', 'wsban_tiny', '--weights', weights, '--data', data)
  t.is(evaluated.status, 1)
  t.regex(evaluated.err, /train first/)
})

test.serial('export and verify of a spec load the weights that it names', (t) => {
  const [named, onnx, beside] = ['own.wsban', 'own.onnx', 'beside.onnx'].map((name) => join(folder, name))
  if (named === undefined || onnx === undefined || beside === undefined) throw t.fail()
  const text = readFileSync(tiny, 'utf8')
  writeFileSync(named, text.replace('tiny(image)', 'tiny(image, weights = "trunk.safetensors")'))
  const own = ['--weights', 'spec']
  const exported = wsban('export', named, ...own, '--seed', '3', '-o', onnx)
  t.is(exported.status, 0, exported.err)
  t.regex(exported.err, /weights from trunk\.safetensors into master\.trunk/)
  t.regex(exported.err, /the spec names the weights of master\.trunk only: .* and \d+ more are random, from seed 3\n/)
  t.regex(exported.out, /, partly random weights from seed 3\n/)
  t.is(wsban('verify', onnx, '--against', named, ...own, '--seed', '3').status, 0)
  t.is(wsban('verify', onnx, '--against', named, ...own, '--seed', '4').status, 1, 'another classifier')
  const none = ['--seed', '3']
  t.is(wsban('verify', onnx, '--against', named, ...none).status, 1, 'another backbone')
  const random = wsban('export', named, ...none, '-o', beside)
  t.regex(random.out, /, random weights from seed 3\n/)
  t.regex(random.err, /names weights, which are not loaded: --weights spec loads them/)
  t.is(wsban('verify', beside, '--against', named, ...none).status, 0)
  t.is(wsban('verify', beside, '--against', named, '--weights', 'none', ...none).status, 0)
  t.regex(wsban('export', tiny, ...own, '-o', beside).err, /names no weights/)
  const given = ['--weights', join(folder, 'trunk.safetensors'), '--seed', '3']
  t.is(wsban('verify', onnx, '--against', tiny, ...given).status, 0, 'the same weights given beside the spec')
  writeFileSync(named, text.replace('tiny(image)', 'tiny(image, weights = "nowhere.safetensors")'))
  t.regex(wsban('export', named, ...own, '-o', onnx).err, /there are no weights at .*nowhere\.safetensors/)
})

test.serial('verify notices other weights', (t) => {
  const onnx = join(folder, 'other.onnx')
  t.is(wsban('export', tiny, '--seed', '3', '-o', onnx).status, 0)
  t.is(wsban('verify', onnx, '--against', tiny, '--seed', '3').status, 0)
  for (const how of ['--functions', '--fuse-passes']) {
    const shaped = join(folder, `${how.slice(2)}.onnx`)
    t.is(wsban('export', tiny, '--seed', '3', how, '-o', shaped).status, 0)
    t.is(wsban('verify', shaped, '--against', tiny, '--seed', '3', '--deep').status, 0, how)
  }
  const half = join(folder, 'half.onnx')
  t.is(wsban('export', tiny, '--seed', '3', '--precision', 'fp16', '-o', half).status, 0)
  t.true(statSync(half).size < 0.6 * statSync(onnx).size)
  const compared = wsban('verify', half, '--against', tiny, '--seed', '3')
  t.is(compared.status, 0, compared.out)
  t.regex(compared.out, /with the same top-1/)
  const other = wsban('verify', onnx, '--against', tiny, '--seed', '4')
  t.is(other.status, 1)
  t.regex(other.out, /the spec is the same: the weights may be those of another training/)
  const wider = wsban('verify', onnx, '--against', tiny, '--set', 'classes=9')
  t.is(wider.status, 1)
  t.regex(wider.err, /verify-other-model[\s\S]*8 classes[\s\S]*9/)
})

test.serial('exit codes and messages of wrong uses', (t) => {
  const cases: [number, RegExp, string[]][] = [
    [2, /no command chek[\s\S]*check/, ['chek', tiny]],
    [2, /--epoch[\s\S]*--epochs/, ['train', tiny, '--data', data, '-o', 'x', '--epoch', '3']],
    [2, /whole number/, ['train', tiny, '--data', data, '-o', 'x', '--epochs', 'many']],
    [2, /which images/, ['train', tiny]],
    [2, /spec-unreadable/, ['check', 'nothing.wsban']],
    [1, /data|folder|image/, ['train', tiny, '--data', 'nowhere', '-o', 'x']],
    [1, /classes/, ['train', tiny, '--data', data, '-o', 'x', '--set', 'classes=5']],
    [1, /unknown-parameter/, ['check', tiny, '--set', 'mapz=5']],
    [1, /onnx-unreadable/, ['predict', tiny.replace('.wsban', '.onnx'), 'x.jpg']],
    [1, /out-of-range|wrong-type/, ['check', tiny, '--set', 'maps=-3']],
    [2, /one of 18, 19, 20, 21/, ['export', tiny, '--opset', '9', '-o', 'x.onnx']],
    [2, /one of fold-constants/, ['export', tiny, '--without', 'everything', '-o', 'x.onnx']],
    [
      2,
      /page needs a file whose input is images/,
      ['export', tiny, '--input', 'tensor', '--page', 'x', '-o', 'x.onnx'],
    ],
    [2, /--title is about the web page/, ['export', tiny, '--title', 'Birds', '-o', 'x.onnx']],
    [2, /--sample is about the web page/, ['export', tiny, '--sample', 'x.jpg', '-o', 'x.onnx']],
    [1, /x\.jpg/, ['export', tiny, '--sample', 'x.jpg', '--page', 'x', '-o', 'x.onnx']],
    [2, /int8 needs images/, ['export', tiny, '--precision', 'int8', '-o', 'x.onnx']],
    [2, /number from 0 to 1/, ['export', tiny, '--precision', 'int8', '--max-drop', '7', '-o', 'x.onnx']],
    [1, /no weights at nowhere/, ['export', tiny, '--weights', 'nowhere.safetensors', '-o', 'x.onnx']],
  ]
  for (const [status, message, args] of cases) {
    const result = wsban(...args)
    t.is(result.status, status, `wsban ${args.join(' ')}: ${result.err}`)
    t.regex(result.err, message)
    t.notRegex(result.err, /This is a bug/)
  }
})

test.serial('check writes machines their formats', (t) => {
  const wrong = join(root, 'test', 'fixtures', 'diagnostics', 'misspelt_tap.wsban')
  for (const flags of [['--json'], ['--format', 'json'], ['--format', 'sarif']]) {
    const result = wsban('check', wrong, ...flags)
    t.is(result.status, 1)
    t.true(result.out.includes('unknown-member'))
    t.notThrows(() => json(result))
  }
  t.regex(
    wsban('check', wrong, '--format', 'github').out,
    /^::error file=.*misspelt_tap\.wsban,line=10,col=22,title=unknown-member::/,
  )
  const fine = json(wsban('check', tiny, '--json'))
  t.true(fine.ok)
})
