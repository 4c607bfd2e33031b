/**
 * How long everyday commands take as whole processes, in turns with what each is compared with: a bare start of Node, a copy of the
 * checkpoint, or the creation of ONNX Runtime's session. Needs a build, and onnxruntime-node for the last:
 *
 *   node bench/everyday.mjs [ROUNDS, 15]
 *
 * Prints the median of each, the quartiles, and the ratio to its baseline: the median, with the quartiles of the ratios by turn.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, 'dist', 'cli', 'main.js')
const rounds = Number(process.argv[2] ?? 15)
const folder = mkdtempSync(join(tmpdir(), 'wsban-everyday-'))
const at = (...names) => join(folder, ...names)

function node(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', cwd: folder })
  if (status !== 0) throw new Error(`${words.join(' ')}\n${stdout}${stderr}`)
  return stdout
}
const wsban = (...words) => node(main, ...words)

/** A run of one epoch over four images, with the 4.7 million parameters of models/baseline_lite.wsban: 19 MB of weights. */
async function prepare() {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 }
  for (const [index, name] of ['train/a', 'train/b', 'val/a', 'val/b'].entries()) {
    mkdirSync(at('images', name), { recursive: true })
    const image = sharp({ create: { width: 500, height: 375, channels: 3, background: 'grey', noise } })
    for (const copy of [0, 1]) writeFileSync(at('images', name, `${index}-${copy}.jpg`), await image.jpeg().toBuffer())
  }
  wsban(
    'train',
    'baseline_lite',
    '--data',
    at('images'),
    '--weights',
    'none',
    '--epochs',
    '1',
    '--batch',
    '4',
    '--out',
    at('run'),
  )
  wsban('export', at('run'), '-o', at('model.onnx'))
}

const wsbanModel = join(root, 'models', 'wsban.wsban')
const session = `import(${JSON.stringify(join(root, 'node_modules', 'onnxruntime-node', 'dist', 'index.js'))})
  .then(({ default: { InferenceSession } }) => InferenceSession.create(${JSON.stringify(at('model.onnx'))}))
  .then(() => process.exit())`
const copy = `const { copyFileSync, readFileSync } = require('node:fs')
  const { best, last } = JSON.parse(readFileSync(${JSON.stringify(at('run', 'run.json'))}, 'utf8'))
  const weights = require('node:path').join(${JSON.stringify(at('run', 'checkpoints'))}, best ?? last, 'weights.safetensors')
  copyFileSync(weights, ${JSON.stringify(at('copy'))})`

/** Each line: a name, what to run, and the name of its baseline. */
const lines = [
  ['node', () => node('-e', '0')],
  ['--version', () => wsban('--version'), 'node'],
  ['--help', () => wsban('--help'), 'node'],
  ['fmt --check', () => wsban('fmt', '--check', wsbanModel), 'node'],
  ['check', () => wsban('check', wsbanModel), 'node'],
  ['node, and a copy of the checkpoint', () => node('-e', copy)],
  ['export', () => wsban('export', at('run'), '-o', at('again.onnx')), 'node, and a copy of the checkpoint'],
  [
    'export --no-check',
    () => wsban('export', at('run'), '-o', at('again.onnx'), '--no-check'),
    'node, and a copy of the checkpoint',
  ],
  ["ONNX Runtime's session", () => node('-e', session)],
  [
    'predict FILE',
    () => wsban('predict', at('model.onnx'), at('images', 'val', 'a', '2-0.jpg')),
    "ONNX Runtime's session",
  ],
  ['predict RUN', () => wsban('predict', at('run'), at('images', 'val', 'a', '2-0.jpg')), "ONNX Runtime's session"],
]

function quartiles(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => sorted[Math.round(share * (sorted.length - 1))])
  return { low, middle, high }
}

try {
  await prepare()
  const times = new Map(lines.map(([name]) => [name, []]))
  // The first turn fills the caches of the disk, and counts for nothing.
  for (let round = -1; round < rounds; round++)
    for (const [name, run] of lines) {
      const began = performance.now()
      run()
      if (round >= 0) times.get(name).push(performance.now() - began)
    }
  for (const [name, , baseline] of lines) {
    const own = times.get(name)
    const { low, middle, high } = quartiles(own)
    const text = `${name}: ${middle.toFixed(0)} ms (${low.toFixed(0)} to ${high.toFixed(0)})`
    if (baseline === undefined) console.log(text)
    else {
      const ratio = quartiles(own.map((time, round) => time / times.get(baseline)[round]))
      console.log(
        `${text}, ${ratio.middle.toFixed(2)} times ${baseline} (${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)})`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
