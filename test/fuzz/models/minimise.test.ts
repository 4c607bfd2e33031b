import test from 'ava'
import { minimise } from './minimise.js'

test('minimising ends with the shortest text that still has the finding', async (t) => {
  const text = `model fuzz(classes = 3, size = 9) {
  input image: Image[3, size, size]
  v0 = relu(image)
  v1 = softmax(v0)
  train { epochs = 1, batch = 4 }
}`
  const finding = { kind: 'wrong', detail: 'first' }
  let checks = 0
  const { text: shortest } = await minimise(text, finding, async (shorter) => {
    t.true(++checks < 1000, 'it goes round in circles')
    const has = /size = \d/.test(shorter) && /batch = \d/.test(shorter) && shorter.includes('softmax')
    return has ? [{ kind: 'wrong', detail: 'again' }] : []
  })
  t.notRegex(shortest, /relu/)
  t.regex(shortest, /size = 2/)
  t.regex(shortest, /batch = 1/)
})
