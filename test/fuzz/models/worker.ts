/**
 * Checks a range of seeds in a process of its own: a crash of an engine ends this process and not the run.
 * Arguments: engines with commas, first seed, one after the last. Writes a line of JSON before each model and one for each finding.
 */
import { writeSync } from 'node:fs'
import { engineNames } from '../../../runtime/engines/index.js'
import { Random } from '../../../runtime/random.js'
import { checkText } from './check.js'
import { ModelGenerator } from './generate.js'

const [names = '', from, to] = process.argv.slice(2)
const engines = names.split(',').flatMap((name) => engineNames.find((engine) => engine === name) ?? [])
const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`)
for (let seed = Number(from); seed < Number(to); seed++) {
  const text = new ModelGenerator(new Random(seed)).model()
  say({ seed })
  const { compiled, findings } = await checkText(text, seed, engines)
  for (const finding of findings) say({ seed, ...finding, text })
  say({ seed, compiled })
}
say({ done: true })
