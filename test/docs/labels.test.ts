import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { readOnnxMetadata } from '../../runtime/inference/onnx_metadata.js'
import { packageRoot } from '../../runtime/package_root.js'
import { wsbanIn } from '../support/commands.js'
import { sharp } from '../support/sharp.js'

const page = readFileSync(join(packageRoot(), 'docs', 'labels.md'), 'utf8')
const folder = mkdtempSync(join(tmpdir(), 'wsban-labels-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const wsban = wsbanIn(folder)

const images = 24
const colours = { red: [220, 40, 40], orange: [220, 150, 40], blue: [40, 60, 220], teal: [40, 180, 180] } as const
const names = ['red', 'orange', 'blue', 'teal'] as const
const size = 64

/** A square of a colour and a size, with a black circle or not. */
async function draw(path: string, name: keyof typeof colours, side: number, circle: boolean): Promise<void> {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  const pixels = Array.from({ length: size * size }, (_, index): readonly number[] => {
    const [y, x] = [Math.floor(index / size), index % size]
    if (circle && (x - 48) ** 2 + (y - 48) ** 2 < 100) return [0, 0, 0]
    return x >= 4 && x < 4 + side && y >= 4 && y < 4 + side ? colours[name] : [238, 238, 238]
  })
  const raw = { width: size, height: size, channels: 3 } as const
  await sharp(Uint8Array.from(pixels.flat()), { raw }).png().toFile(join(folder, path))
}

test.before(async () => {
  const rows = { meadow: ['image,labels'], beetles: ['image,species,family,order'], fruit: ['image,value'] }
  for (let image = 1; image <= images; image++) {
    const colour = image % 4
    const [side, circle] = [12 + ((image * 7) % 20), image % 3 === 0]
    const name = names[colour] ?? 'red'
    for (const set of ['meadow', 'beetles', 'fruit', `shapes/${name}`])
      await draw(join(set, `${image}.png`), name, side, circle)
    rows.meadow.push(`${image}.png,${[circle && 'circle', colour < 2 && 'warm'].filter(Boolean).join(';')}`)
    rows.beetles.push(`${image}.png,${name},${colour < 2 ? 'warm' : 'cold'},${colour === 0 ? 'first' : 'other'}`)
    rows.fruit.push(`${image}.png,${side / 10}`)
  }
  for (const [set, lines] of Object.entries(rows)) writeFileSync(join(folder, set, 'list.csv'), `${lines.join('\n')}\n`)
})

/** The lines that `evaluate` prints for each task, and the meanings of the file's outputs. */
const tasks = {
  meadow: { printed: [/^probabilities: mAP/m, /circle .* average precision/], kinds: ['labels', 'logits'] },
  beetles: {
    printed: [/^species: top-1/m, /^family: top-1/m, /^order: top-1/m],
    kinds: ['classes', 'classes', 'classes', 'logits'],
  },
  fruit: { printed: [/^value: MAE .* R2/m], kinds: ['values'] },
  shapes: { printed: [/^embedding: recall@1/m], kinds: ['embedding', 'logits'] },
} as const

const signature = z.object({ answers: z.array(z.object({ kind: z.string() })) })

for (const [task, { printed, kinds }] of Object.entries(tasks))
  test.serial(`the commands of docs/labels.md for ${task}, from the data to a report and an ONNX file`, async (t) => {
    const commands = [...page.matchAll(/^wsban (.+)$/gm)].flatMap(([, line = '']) =>
      line.includes(task) ? [line.split(' ')] : [],
    )
    t.true(commands.length >= 5)
    for (const command of commands) {
      const short = command[0] === 'train' ? [...command, '--epochs', '2', '--set', 'size=32'] : command
      const { status, out, err } = wsban(...short)
      t.is(status, 0, `${command.join(' ')}: ${err}`)
      if (command[0] === 'evaluate') for (const pattern of printed) t.regex(out, pattern)
    }
    t.regex(readFileSync(join(folder, 'runs', task, 'report.html'), 'utf8'), /<h2>Predictions<\/h2>/)
    const metadata = await readOnnxMetadata(join(folder, `${task}.onnx`))
    const { answers } = signature.parse(JSON.parse(metadata.signature ?? ''))
    t.deepEqual(
      answers.map(({ kind }) => kind),
      [...kinds],
    )
  })

test.serial('what needs probabilities of classes says so, and a run resumes with its label inputs', (t) => {
  for (const command of [
    ['calibrate', 'runs/fruit'],
    ['compare', 'runs/fruit', 'runs/meadow'],
    ['export', 'runs/meadow', '--page', 'page'],
    ['predict', 'runs/shapes', '--csv', 'table.csv', 'fruit/1.png'],
  ]) {
    const { status, err } = wsban(...command)
    t.is(status, 1, command.join(' '))
    t.regex(err, /no-class-probabilities/)
  }
  const { status, err } = wsban('train', '--resume', '-o', 'runs/fruit', '--epochs', '3')
  t.is(status, 0, err)
  t.regex(err, /best by R2 of value/)
})
