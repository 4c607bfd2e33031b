/**
 * Checks models in a process of its own: a crash of an engine ends this process and not the run. Arguments: engines separated by commas, and
 * optionally a Python with PyTorch. Reads lines of JSON `{ seed, text? }` and answers each with the findings of that model; without a text the model
 * is generated from the seed.
 */
import { createInterface } from 'node:readline'
import * as z from 'zod'
import { Random } from '../../../compiler/random.js'
import { engineNames } from '../../../runtime/engines/index.js'
import { checkText } from './check.js'
import { ModelGenerator } from './generate.js'
import { PytorchExecutor } from './pytorch.js'

const asked = z.object({ seed: z.number(), text: z.string().optional() })

const [names = '', python] = process.argv.slice(2)
const engines = names.split(',').flatMap((name) => engineNames.find((engine) => engine === name) ?? [])
const pytorch = python === undefined ? undefined : new PytorchExecutor(python)
for await (const line of createInterface({ input: process.stdin })) {
  const { seed, text = new ModelGenerator(new Random(seed)).model() } = asked.parse(JSON.parse(line))
  const checked = await checkText(text, seed, { engines, ...(pytorch && { pytorch }) })
  process.stdout.write(`${JSON.stringify({ ...checked, text })}\n`)
}
await pytorch?.close()
