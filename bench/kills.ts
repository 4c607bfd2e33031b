/**
 * Kills a training run with SIGKILL at 50 seeded random moments, again and again on the same run folder, and looks at what each kill left;
 * then lets it end and compares the weights with those of a run that was never stopped. Needs dist/ (npm run build).
 *
 *   npx tsx bench/kills.ts [kills]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { packageRoot } from '../runtime/package-root.js'
import { keyOf, Random } from '../runtime/random.js'
import { RunFolder } from '../runtime/runs/folder.js'
import { wsbanIn } from '../test/support/commands.js'
import { killedAfter } from '../test/support/kills.js'
import { drawShapes } from '../test/support/shapes.js'

const kills = Number(process.argv[2] ?? 50)
const folder = mkdtempSync(join(tmpdir(), 'wsban kills '))
const [data, run, whole] = ['shapes', 'run', 'whole'].map((name) => join(folder, name)) as [string, string, string]
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
const epochs = String(kills)
// Eight steps an epoch, and a checkpoint after nearly each: most of the time something is being written.
const args = ['train', tiny, '--data', data, '--epochs', epochs, '--batch', '2', '--save-every', '0.0001']
await drawShapes(data)
const random = new Random(keyOf(1, 'kills'))
for (let kill = 1; kill <= kills; kill++) {
  const left = await killedAfter(folder, run, args, random.uniform(1200, 4500))
  const found = left.checkpoint === undefined ? 'no run yet' : `${left.checkpoint}, whole, step ${left.step}`
  console.log(`${kill}\t${left.after.toFixed(0)} ms\t${found}${left.done ? ' (done before the kill)' : ''}`)
}
const wsban = wsbanIn(folder)
const ended = wsban(...args, '-o', run, ...(RunFolder.exists(run) ? ['--resume'] : []))
if (ended.status !== 0) throw new Error(ended.err)
const unstopped = wsban(...args, '-o', whole)
if (unstopped.status !== 0) throw new Error(unstopped.err)
const [found, expected] = await Promise.all(
  [run, whole].map(async (path) => {
    const { tensors, slots } = await (await RunFolder.open(path)).readCheckpoint('last')
    return { tensors, slots }
  }),
)
const same = isDeepStrictEqual(found, expected)
console.log(
  `against a run that was never stopped: ${same ? 'every weight and slot the same, bit for bit' : 'NOT the same'}`,
)
rmSync(folder, { recursive: true, force: true })
process.exit(same ? 0 : 1)
