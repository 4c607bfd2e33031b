import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import * as z from 'zod'
import { decodeImage } from '../../runtime/images/decode.js'
import { packageRoot } from '../../runtime/package_root.js'
import { wsbanIn } from '../support/commands.js'

/**
 * Exports checkpoints of timm by the command line, and compares what ONNX Runtime computes from photos with timm's forward pass.
 *
 *   npx tsx test/parity/photos.ts --photos FOLDER [NAME...]
 *
 * From timm's own preprocessed pixels the logits must agree. From the photo they differ by the preprocessing, which is reported: wsban resizes
 * to a square, bilinearly. So does timm with crop_mode = "squash", after which it rounds to bytes. Needs `npm run build`; WSBAN_PYTHON is a Python with timm, torchvision and Pillow.
 */
const { values: options, positionals } = parseArgs({ allowPositionals: true, options: { photos: { type: 'string' } } })
const photos = z.string({ error: '--photos FOLDER is missing' }).parse(options.photos)
const standard = [
  ['convnext_atto', 'deit_tiny_patch16_224', 'densenet121', 'efficientnet_b0', 'fbnetv3_b', 'inception_v3'],
  ['mobilenetv3_small_100', 'regnety_004', 'resnet18', 'swin_tiny_patch4_window7_224', 'vit_small_patch14_dinov2'],
].flat()
const names = positionals.length > 0 ? positionals : standard

/** Relative to the largest logit: ONNX Runtime computes in single precision, timm in double, and random weights amplify rounding. */
const tolerance = 1e-4
const classes = 17

const written = z.object({
  size: z.number(),
  crop: z.number(),
  interpolation: z.string(),
  mean: z.array(z.number()),
  deviation: z.array(z.number()),
  answers: z.array(
    z.object({ photo: z.string(), pixels: z.string(), logits: z.array(z.number()), squashed: z.array(z.number()) }),
  ),
})
type Written = z.infer<typeof written>

const folder = mkdtempSync(join(tmpdir(), 'wsban-photos-'))
const wsban = wsbanIn(folder)
try {
  console.log(
    'name                          photos  size  from timm’s pixels  from the photo  same class  squashed by timm',
  )
  for (const name of names) await comparePhotos(name)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function comparePhotos(name: string): Promise<void> {
  const script = join(packageRoot(), 'test', 'parity', 'photos.py')
  const python = spawnSync(process.env.WSBAN_PYTHON ?? 'python3', [script, photos, folder, name], { encoding: 'utf8' })
  if (python.status !== 0) throw new Error(`${name}: ${python.stderr}`)
  const timm = written.parse(JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')))
  writeFileSync(join(folder, `${name}.wsban`), spec(name, timm))
  const fromPixels = await exported(name, 'tensor')
  const fromPhoto = await exported(name, 'image')
  const { size } = timm
  let [pixels, photo, squash, same] = [0, 0, 0, 0]
  for (const { photo: path, pixels: file, logits, squashed } of timm.answers) {
    const values = new Float32Array(Uint8Array.from(readFileSync(join(folder, file))).buffer)
    pixels = Math.max(
      pixels,
      distance(logits, await run(fromPixels, new Tensor('float32', values, [1, 3, size, size]))),
    )
    const { data, width, height } = await decodeImage(path)
    const own = await run(fromPhoto, new Tensor('uint8', Uint8Array.from(data), [1, height, width, 3]))
    photo = Math.max(photo, distance(logits, own))
    squash = Math.max(squash, distance(squashed, own))
    if (largest(own) === largest(logits)) same++
  }
  await fromPixels.release()
  await fromPhoto.release()
  const columns = [String(timm.answers.length), String(size), pixels.toExponential(1), photo.toExponential(1)]
  const widths = [6, 4, 18, 14]
  const text = columns.map((one, i) => one.padStart(widths[i] ?? 0)).join('  ')
  console.log(
    `${name.padEnd(30)}${text}  ${`${same}/${timm.answers.length}`.padStart(10)}  ${squash.toExponential(1).padStart(16)}`,
  )
  if (!(pixels <= tolerance)) process.exitCode = 1
}

function spec(name: string, { size, crop, mean, deviation }: Written): string {
  const steps = `resize(${Math.floor(size / crop)}), center_crop(${size}), normalize(mean = [${mean}], deviation = [${deviation}])`
  return `model photos(classes = ${classes}) {
  input image: Image[3, ${size}, ${size}] { ${steps} }
  branch net(image) { trunk = backbone(image, "${name}", weights = "${name}.safetensors", classes = classes) }
  predict scores = net.trunk
}
`
}

async function exported(name: string, input: string): Promise<InferenceSession> {
  const file = `${name}.${input}.onnx`
  const weights = `${name}.safetensors`
  const { status, err } = wsban('export', `${name}.wsban`, '--weights', weights, '--input', input, '-o', file)
  if (status !== 0) throw new Error(`${name}: ${err}`)
  return InferenceSession.create(join(folder, file), { logSeverityLevel: 3 })
}

async function run(session: InferenceSession, input: Tensor): Promise<readonly number[]> {
  const results = await session.run({ [session.inputNames[0] ?? '']: input })
  const data = results[session.outputNames[0] ?? '']?.data
  if (!(data instanceof Float32Array)) throw new Error('the first output has no numbers')
  return [...data]
}

/** The largest difference, relative to the largest value. */
function distance(expected: readonly number[], found: readonly number[]): number {
  const away = expected.map((value, index) => Math.abs(value - (found[index] ?? Number.NaN)))
  return Math.max(...away) / Math.max(...expected.map(Math.abs))
}

function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values))
}
