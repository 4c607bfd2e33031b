import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { json, startWsban, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban make '))
const wsban = wsbanIn(folder)
const photos = 'my photos'
const made = `${photos}-wsban`

test.before(() => drawShapes(join(folder, photos)))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const document = z.object({
  ok: z.boolean(),
  folder: z.string(),
  model: z.object({ model: z.string(), reasons: z.array(z.string()) }).optional(),
  train: z.object({ ok: z.boolean(), totalSteps: z.number().optional(), standing: z.looseObject({}).optional() }),
  verify: z.object({ ok: z.boolean(), images: z.number() }).optional(),
})

test.serial('one command makes model, report and page of photos, and continues where it was stopped', async (t) => {
  const args = ['make', photos, '--epochs', '6', '--set', 'size=32']
  const stopped = startWsban(folder, args, (text, child) => {
    if (text.includes('epoch 2/6')) child.kill('SIGINT')
  })
  const first = await stopped.ended
  t.is(first.status, 130, first.err)
  t.true(existsSync(join(folder, made, 'run', 'run.json')))
  t.false(existsSync(join(folder, made, 'model.onnx')))

  const second = wsban('make', photos, '--json')
  t.is(second.status, 0, second.err)
  t.regex(second.err, /continuing it/)
  const whole = document.parse(json(second))
  t.true(whole.ok)
  t.is(whole.folder, made)
  t.is(whole.train.totalSteps, 6 * 2, 'the number of epochs is that of the run')
  t.true(whole.verify?.ok)
  for (const file of ['model.wsban', 'model.onnx', 'report.html', join('page', 'index.html')])
    t.true(existsSync(join(folder, made, file)), file)

  const again = wsban('make', photos)
  t.is(again.status, 0, again.err)
  t.regex(again.out, /% of 6 held-out images are classified correctly \(95 % interval .*; chance 50\.0 %\)/)
  t.regex(wsban('predict', join(photos, 'val'), '--quiet', '--csv', 'table.csv').err, /^$/)
})

test.serial('the model is proposed for the images, with the reasons, and trained as it was changed', (t) => {
  const args = ['make', photos, '-o', 'other', '--json'] as const
  // The training fails at once with an error that the user can fix.
  const refused = wsban(...args, '--weights', 'none.safetensors')
  t.is(refused.status, 1)
  const spec = join(folder, 'other', 'model.wsban')
  t.regex(
    readFileSync(spec, 'utf8'),
    /^\/\/ Begun as wsban's models\/wsban_tiny\.wsban\.\n\/\/ 2 classes, 16 training images/,
  )
  t.regex(readFileSync(spec, 'utf8'), /model my_photos\(classes = 2[\s\S]*epochs = 40,\s+batch = 8/)
  appendFileSync(spec, '// mine\n')
  const changed = wsban(...args, '--epochs', '1', '--set', 'size=32')
  t.is(changed.status, 0, changed.err)
  t.regex(changed.err, /was changed since wsban wrote it: it is trained as it is/)
  t.true(readFileSync(spec, 'utf8').endsWith('// mine\n'))
})

test.serial('what wsban did not write stays, and nothing is written beside it', (t) => {
  mkdirSync(join(folder, 'taken'))
  writeFileSync(join(folder, 'taken', 'notes.txt'), 'mine')
  const refused = wsban('make', photos, '-o', 'taken')
  t.is(refused.status, 2)
  t.regex(refused.err, /folder-not-empty.*holds notes\.txt/)
  writeFileSync(join(folder, made, 'report.html'), 'mine')
  const kept = wsban('make', photos)
  t.is(kept.status, 2)
  t.regex(kept.err, /file-exists/)
  t.is(readFileSync(join(folder, made, 'report.html'), 'utf8'), 'mine')
})

test.serial('a place without images is an error before anything is made', (t) => {
  mkdirSync(join(folder, 'nothing'))
  const refused = wsban('make', 'nothing')
  t.true(refused.status === 1 || refused.status === 2)
  t.false(existsSync(join(folder, 'nothing-wsban')))
  renameSync(join(folder, photos, 'train', 'red "disc"'), join(folder, 'discs'))
  const single = join(folder, 'single')
  mkdirSync(single)
  renameSync(join(folder, 'discs'), join(single, 'discs'))
  t.regex(wsban('make', 'single').err, /one-class/)
  t.false(existsSync(`${single}-wsban`))
  t.regex(wsban('make', 'not-there').err, /there is no such file or folder/)
})
