import test from 'ava'
import { minimise } from './minimise.js'

test('minimising ends with the shortest text that still has the finding', async (t) => {
  const text = `model fuzz(classes = 3, size = 9) {
  input image: Image[3, size, size]
  v0 = relu(image)
  v1 = softmax(v0)
  train { epochs = 1, batch = 4 }
}`
  const finding = { kind: 'wrong', detail: 'probabilities[9] is 0.5, not 0.25' }
  let checks = 0
  const { text: shortest } = await minimise(text, finding, async (shorter) => {
    t.true(++checks < 1000, 'it goes round in circles')
    const has = /size = \d/.test(shorter) && /batch = \d/.test(shorter) && shorter.includes('softmax')
    return has ? [{ kind: 'wrong', detail: 'logits/first[0] is 3e-5, not 1' }] : []
  })
  t.notRegex(shortest, /relu/)
  t.regex(shortest, /size = 2/)
  t.regex(shortest, /batch = 1/)
})

test('minimising does not end with another error of the same kind', async (t) => {
  const text = `model fuzz(classes = 3) {
  input image: Image[3, 9, 9]
  v0 = relu(image)
  loss { l0 = cross_entropy(first.logits, label) }
}`
  const finding = { kind: 'pytorch throws', detail: 'ValueError: expected 2 values, got input size [1, 3]' }
  const { text: shortest, finding: kept } = await minimise(text, finding, async (shorter) => [
    { kind: 'pytorch throws', detail: shorter.includes('loss') ? finding.detail.replace('2', '4') : 'no loss' },
  ])
  t.regex(shortest, /loss/)
  t.notRegex(shortest, /relu/)
  t.is(kept.detail, 'ValueError: expected 4 values, got input size [1, 3]')
})
