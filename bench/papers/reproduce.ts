/**
 * Trains a method of a paper on a benchmark, once for each seed, and prints its accuracy on the test split beside the published figures.
 * See bench/papers/README.md.
 *
 *   npx tsx bench/papers/reproduce.ts METHOD --dataset cub --data FOLDER [options]
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as z from 'zod'

const figure = z.looseObject({ by: z.string(), source: z.string() })
const published = z
  .object({
    data: z.record(z.string(), z.object({ name: z.string(), classes: z.number() })),
    methods: z.record(z.string(), z.object({ name: z.string(), model: z.string(), figures: z.array(figure) })),
  })
  .parse(JSON.parse(readFileSync(new URL('figures.json', import.meta.url), 'utf8')))

const evaluation = z.object({ images: z.number(), top1: z.record(z.string(), z.number()) })

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dataset: { type: 'string' },
    data: { type: 'string' },
    out: { type: 'string', default: join('runs', 'papers') },
    seeds: { type: 'string', default: '1,2,3' },
    engine: { type: 'string', default: 'pytorch' },
    precision: { type: 'string', default: 'bf16' },
    processes: { type: 'string', default: '1' },
    /** In place of the method's own model. */
    model: { type: 'string' },
    set: { type: 'string', multiple: true, default: [] },
    train: { type: 'string', multiple: true, default: [] },
    epochs: { type: 'string' },
    batch: { type: 'string' },
    /** The command line's program. */
    wsban: { type: 'string', default: join('dist', 'cli', 'main.js') },
  },
})

const [name = ''] = positionals
const method = published.methods[name]
const dataset = values.dataset === undefined ? undefined : published.data[values.dataset]
if (!method || !dataset || values.dataset === undefined || values.data === undefined) {
  console.error(
    `npx tsx bench/papers/reproduce.ts METHOD --dataset NAME --data FOLDER\nmethods: ${Object.keys(published.methods).join(', ')}; data sets: ${Object.keys(published.data).join(', ')}`,
  )
  process.exit(2)
}
const [folder, datasetName] = [values.data, values.dataset]
const pytorch = values.engine === 'pytorch'

/** Returns its standard output. Ends with the command's exit code where that is not 0. */
function wsban(...args: readonly string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [values.wsban, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}

/** A run that exists is resumed; one that is done has nothing left to train. */
function trained(seed: string): string {
  const run = join(values.out, `${name}-${datasetName}-${seed}`)
  const flags = [
    ...['--engine', values.engine],
    ...(pytorch ? ['--precision', values.precision, '--processes', values.processes] : []),
    ...(values.epochs === undefined ? [] : ['--epochs', values.epochs]),
  ]
  if (existsSync(join(run, 'run.json'))) {
    wsban('train', '--resume', '-o', run, ...flags)
    return run
  }
  wsban(
    'train',
    values.model ?? present(method).model,
    ...['--data', folder, '-o', run, '--seed', seed],
    // As in the papers, the whole training split is trained on, and no choice is made by the test split: the last epoch counts.
    ...['--hold-out', '0'],
    ...values.set.flatMap((setting) => ['--set', setting]),
    ...values.train.flatMap((setting) => ['--train', setting]),
    ...(values.batch === undefined ? [] : ['--batch', values.batch]),
    ...flags,
  )
  return run
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value is missing')
  return value
}

const results = values.seeds.split(',').map((seed) => {
  const run = trained(seed)
  const found = evaluation.parse(JSON.parse(wsban('evaluate', run, '--data', folder, '--split', 'test', '--json')))
  return { seed, run, ...found }
})

const percent = (share: number) => (share * 100).toFixed(1)
const names = Object.keys(present(results[0]).top1)
const rows = results.map(({ seed, top1 }) => [`seed ${seed}`, ...names.map((branch) => percent(present(top1[branch])))])
const means = names.map((branch) => {
  const shares = results.map(({ top1 }) => present(top1[branch]))
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / Math.max(1, shares.length - 1)
  return `${percent(mean)} +- ${percent(Math.sqrt(variance))}`
})
console.log(`\n${method.name} on ${dataset.name}, ${present(results[0]).images} test images, top-1 in %:\n`)
console.log(`| | ${names.join(' | ')} |\n|---|${names.map(() => '---:|').join('')}`)
for (const row of [...rows, ['mean and deviation', ...means]]) console.log(`| ${row.join(' | ')} |`)
const known = method.figures.flatMap(({ by, source, [datasetName]: value }) =>
  typeof value === 'string' ? [`published (${by}; ${source}): ${value}`] : [],
)
console.log(`\n${known.length > 0 ? known.join('\n') : 'no published figure is recorded for this data set'}`)
