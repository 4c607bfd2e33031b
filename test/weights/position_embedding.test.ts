import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { matchLines, matchWeights } from '../../runtime/weights/match.js'
import { resamplePositions, storedGrid } from '../../runtime/weights/position_embedding.js'

/** Recorded from resample_abs_pos_embed of timm 1.0.31, of a formula: value i is ((i 2654435761) mod 1000) / 500 - 1, in rows of three. */
const recorded = z
  .array(
    z.object({
      side: z.number(),
      grid: z.tuple([z.number(), z.number()]),
      prefix: z.number(),
      values: z.array(z.number()),
    }),
  )
  .parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'weights', 'recorded_positions.json'), 'utf8')))

const features = 3

for (const { side, grid, prefix, values } of recorded)
  test(`a grid of ${side} x ${side} is resized to ${grid.join(' x ')} as timm does, ${prefix} rows before it`, (t) => {
    const rows = prefix + side * side
    const stored = {
      shape: [1, rows, features],
      values: Float32Array.from({ length: rows * features }, (_, i) => ((i * 2654435761) % 1000) / 500 - 1),
    }
    const shape = [1, prefix + grid[0] * grid[1], features]
    t.is(storedGrid(stored.shape, shape, { grid, prefix }), side)
    const found = resamplePositions(stored, side, shape, { grid, prefix })
    t.is(found.values.length, values.length)
    const largest = Math.max(...values.map((value, i) => Math.abs(value - (found.values[i] ?? Number.NaN))))
    t.true(largest < 1e-6, `${largest}`)
  })

test('a checkpoint of another grid fits, and the table says so', (t) => {
  const wanted = [
    { name: 'trunk.pos_embed', shape: [1, 50, 8], positions: { grid: [7, 7], prefix: 1 } },
    { name: 'trunk.cls_token', shape: [1, 1, 8] },
  ] as const
  const fits = matchWeights(
    wanted,
    new Map([
      ['pos_embed', { shape: [1, 17, 8] }],
      ['cls_token', { shape: [1, 1, 8] }],
    ]),
  )
  t.is(fits.found.get('trunk.pos_embed'), 'pos_embed')
  t.deepEqual(fits.otherShape, [])
  t.true(matchLines(fits, 'FILE').some((line) => /resampled +1: trunk\.pos_embed: 4 x 4 to 7 x 7/.test(line)))
})

test('rows that are no square, or of another size, are another shape', (t) => {
  const wanted = [{ name: 'pos_embed', shape: [1, 50, 8], positions: { grid: [7, 7] as const, prefix: 1 } }]
  for (const shape of [
    [1, 18, 8],
    [1, 17, 4],
    [17, 8],
    [1, 1, 8],
  ])
    t.is(matchWeights(wanted, new Map([['pos_embed', { shape }]])).otherShape.length, 1, shape.join())
})
