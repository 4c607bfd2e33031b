import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Random } from '../../../compiler/random.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { isHere } from '../../kernels/support.js'
import { pythonWithTorch } from '../../support/python.js'
import { checkText } from './check.js'
import { ModelGenerator } from './generate.js'
import { PytorchExecutor } from './pytorch.js'

const folder = join(import.meta.dirname, 'cases')
const engines: EngineName[] = []
const python = pythonWithTorch()
const pytorch = python === undefined ? undefined : new PytorchExecutor(python)
const executors = { engines, ...(pytorch && { pytorch }) }

test.before(async () => {
  for (const engine of ['tfjs-node', 'wasm'] as const) if (await isHere(engine)) engines.push(engine)
})
test.after.always(() => pytorch?.close())

/** Each seed exports a case with other options. */
const seedsOfACase = [0, 1, 2, 3, 4, 5]

for (const name of readdirSync(folder))
  test.serial(`${name}: every executor agrees`, async (t) => {
    const text = readFileSync(join(folder, name), 'utf8')
    for (const seed of seedsOfACase) {
      const { compiled, findings } = await checkText(text, seed, executors)
      t.true(compiled)
      t.deepEqual(findings, [])
    }
  })

/** A fixed range, so that the result is reproducible; `npm run fuzz` tries any number of others. */
const perTest = 20
for (let first = 0; first < 160; first += perTest)
  test.serial(`random models of seeds ${first} to ${first + perTest - 1}: every executor agrees`, async (t) => {
    for (let seed = first; seed < first + perTest; seed++) {
      const text = new ModelGenerator(new Random(seed)).model()
      const { findings } = await checkText(text, seed, executors)
      t.deepEqual(findings, [], `${text}\nnpm run fuzz -- --from ${seed} --count 1 makes it shorter`)
    }
  })
