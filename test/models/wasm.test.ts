import { basename } from 'node:path'
import { checkModels, subjects } from '../support/model_checks.js'

/** WebAssembly takes minutes for the large backbones; WSBAN_TEST_ALL=1 runs them, too. */
const quick = ['baseline_lite', 'tasn_tiny', 'wsban_tiny', 'wsdan_tiny']
const all = process.env.WSBAN_TEST_ALL === '1'

checkModels(
  'wasm',
  subjects.filter(({ path }) => all || quick.includes(basename(path, '.wsban'))),
  // Part features near zero go through a square root, which enlarges rounding; on random weights up to 2.3e-4 was seen (wsban).
  5e-4,
)
