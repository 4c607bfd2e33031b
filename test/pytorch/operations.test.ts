import test from 'ava'
import { lacksModules, skipped } from '../support/python.js'
import { all, fitsReference, runInPytorch, title } from './cases.js'

test('every operation is in PyTorch what its reference says: values, gradients, statistics', (t) => {
  const lacking = lacksModules('torch')
  if (skipped(t, lacking)) return
  const found = runInPytorch(all)
  for (const [index, one] of all.entries()) {
    const result = found[index]
    if (!result) throw new Error(`no result for ${title(one)}`)
    fitsReference(t, one, result)
  }
})
