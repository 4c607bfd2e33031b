import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { json, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-diff-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const before = `model small(classes = 4, size = 16) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch whole(image) {
    features = conv2d(image, 8, 3)
    logits   = features -> global_avg_pool -> linear(classes)
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict p = softmax(whole.logits)
  train { epochs = 2, optimizer = sgd(rate = 0.1) }
}
`
const after = before
  .replace('conv2d(image, 8, 3)', 'conv2d(image, 8, 5)')
  .replace('-> linear', '-> dropout(20%) -> linear')
  .replace('epochs = 2', 'epochs = 3')
writeFileSync(join(folder, 'before.wsban'), before)
writeFileSync(join(folder, 'after.wsban'), after)
writeFileSync(join(folder, 'commented.wsban'), `// the same\n${before}`)
writeFileSync(join(folder, 'wrong.wsban'), before.replace('conv2d(image', 'conv2d(imag'))

test('changes are listed under the element that they belong to', (t) => {
  const { status, out } = wsban('diff', 'before.wsban', 'after.wsban')
  t.is(status, 0)
  // 3 x 3 x 3 filters over 14 x 14 places become 5 x 5 x 3 over 12 x 12; both have 8 x 4 for the classes.
  const [old, now] = [27 * 8 * 196 + 32, 75 * 8 * 144 + 32]
  t.is(
    out,
    `training
  epochs: 2 -> 3
size
  parameters: 260 -> 644 (+147.7%)
  multiply-adds an image: ${old.toLocaleString('en')} -> ${now.toLocaleString('en')} (+${((100 * (now - old)) / old).toFixed(1)}%)
operations
  whole.logits: linear(x = whole.logits.global_avg_pool) -> linear(x = whole.logits.dropout)
+ whole.logits.dropout: dropout(x = whole.logits.global_avg_pool)
arguments of operations
  whole.features kernel: 3 -> 5
shapes
  whole.features: 8 x 14 x 14 -> 8 x 12 x 12
weights
  whole.features.weight: 8 x 3 x 3 x 3 -> 8 x 3 x 5 x 5
`,
  )
})

test('a comment is no change, and a parameter is set in both models', (t) => {
  t.is(wsban('diff', 'before.wsban', 'commented.wsban').out, 'the models are the same\n')
  t.is(json(wsban('diff', 'before.wsban', 'commented.wsban', '--json')).same, true)
  const { out } = wsban('diff', 'before.wsban', 'after.wsban', '--set', 'size=32')
  t.regex(out, /whole\.features: 8 x 30 x 30 -> 8 x 28 x 28/)
})

test('--json has every change by its name', (t) => {
  const result = json(wsban('diff', 'before.wsban', 'after.wsban', '--json'))
  t.like(result, {
    ok: true,
    same: false,
    training: [{ name: 'epochs', before: '2', after: '3' }],
    arguments: [{ name: 'whole.features kernel', before: '3', after: '5' }],
    weights: [{ name: 'whole.features.weight', before: '8 x 3 x 3 x 3', after: '8 x 3 x 5 x 5' }],
    losses: [],
  })
})

test('a spec with mistakes ends with 1, a file that is not there and a wrong command with 2', (t) => {
  const wrong = wsban('diff', 'before.wsban', 'wrong.wsban')
  t.deepEqual([wrong.status, wrong.out], [1, ''])
  t.regex(wrong.err, /unknown-name.*did you mean `image`/s)
  t.is(wsban('diff', 'before.wsban', 'after.wsban', '--set', 'sise=3').status, 1)
  const missing = wsban('diff', 'before.wsban', 'none.wsban')
  t.is(missing.status, 2)
  t.regex(missing.err, /spec-unreadable/)
  t.is(wsban('diff', 'before.wsban').status, 2)
})
