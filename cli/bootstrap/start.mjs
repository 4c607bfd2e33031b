/** npm start: the whole way once, on made-up birds: images, training, one ONNX file, a check of it, how good it is, a prediction, a report. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { main, prepare, root } from './prepare.mjs'
import { run } from './run.mjs'

/** A new one each time: people put things of their own into such folders. */
const folder = freeName('first-run')
const birds = `${folder}/birds`
const trained = `${folder}/run`
const onnx = `${folder}/birds.onnx`

/** A placeholder for a validation image. */
const image = Symbol('image')

const steps = [
  ['data', 'sample', '-o', birds],
  ['train', 'models/wsban_tiny.wsban', '--data', birds, '-o', trained],
  ['export', trained, '-o', onnx],
  ['verify', onnx, '--against', trained, '--data', birds],
  ['evaluate', onnx, '--data', birds],
  ['predict', onnx, image, '--heatmaps', `${folder}/images`],
  ['report', trained, '-o', `${folder}/report.html`],
]

const made = [
  [birds, 'the images'],
  [trained, 'the run: weights, log, settings'],
  [onnx, 'the model, with the crop inside'],
  [`${folder}/images`, 'where it looked'],
  [`${folder}/report.html`, 'curves, maps, crops, mistakes: open it in a browser'],
]

await prepare()

const slow = !(await hasNativeEngine())
if (slow) console.log('\nWithout the native engine this takes some minutes: fewer epochs, so a less able model.')

for (const step of steps) {
  if (slow && step[0] === 'train') step.push('--epochs', '6')
  const words = await Promise.all(step.map((word) => (word === image ? anUnseenImage() : word)))
  console.log(`\n$ wsban ${words.map(quoted).join(' ')}`)
  const status = await run(process.execPath, [main, ...words], { cwd: root })
  if (status !== 0) {
    console.error(`\nwsban ${words[0]} ended with ${status}.`)
    process.exit(status)
  }
}

console.log('\nWhat is there now:')
const width = Math.max(...made.map(([path]) => path.length))
for (const [path, what] of made) if (existsSync(join(root, path))) console.log(`  ${path.padEnd(width)}  ${what}`)
console.log(`
Next:
  npm install --global . && wsban make my-photos          your own images, one folder for each class
  npx wsban check models/wsban_tiny.wsban                 what a model is made of, and what is wrong with it
  npx wsban train models/baseline_tiny.wsban --data ${birds} -o ${folder}/baseline    the same network without attention and crop, to compare with
  npx wsban compile models/wsban_tiny.wsban --target tfjs -o my-model    the code that was trained, to read and edit`)

function freeName(name) {
  let number = 1
  const numbered = () => (number === 1 ? name : `${name}-${number}`)
  while (existsSync(join(root, numbered()))) number++
  return numbered()
}

async function hasNativeEngine() {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--version'])
  return stdout.includes('tfjs-node')
}

/** The first image of the first class kept for validation. */
async function anUnseenImage() {
  const images = join(root, birds, 'val')
  const entries = await readdir(images, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile() && /\.(jpe?g|png|webp)$/i.test(entry.name))
  const first = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name)).sort()[0]
  if (first === undefined) throw new Error(`no image below ${images}`)
  return relative(root, first)
}

function quoted(word) {
  return /^[\w./-]+$/.test(word) ? word : JSON.stringify(word)
}
