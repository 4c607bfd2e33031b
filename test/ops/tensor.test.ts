import test from 'ava'
import { at, rows, size, tensor, zeros } from '../../compiler/ops/support/tensor.js'

test('tensors of the references refuse what does not fit', (t) => {
  t.throws(() => tensor([2, 3], [1, 2]), { message: '2 values for shape [2, 3]' })
  t.throws(() => at(zeros([2]), 2), { message: 'index 2 is outside of [2]' })
  t.throws(() => size(zeros([2, 3]), 2), { message: '[2, 3] has no dimension 2' })
})

test('an empty batch has rows of the size that its shape says', (t) => {
  t.deepEqual(rows(zeros([0, 3, 4])), [0, 12])
  t.deepEqual(rows(zeros([2, 3, 4])), [2, 12])
})
