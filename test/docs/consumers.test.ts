import { spawnSync } from 'node:child_process'
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { decodeImage } from '../../runtime/images/decode.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { exportedModel } from '../support/exported_model.js'
import { sharp } from '../support/sharp.js'

const { folder, model } = exportedModel()

test.before(() => {
  symlinkSync(join(packageRoot(), 'node_modules'), join(folder, 'node_modules'), 'dir')
})

/** A bright disc off the centre, on a gradient, in RGBA of 8 bits. Without `opaque` it becomes transparent towards the right. */
function drawn(width: number, height: number, opaque: boolean): Buffer {
  const data = Buffer.alloc(width * height * 4)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const inside = Math.hypot(x - width / 4, y - height / 3) < height / 5
      data.set(
        [inside ? 250 : (200 * x) / width, inside ? 220 : (150 * y) / height, inside ? 30 : 90],
        (y * width + x) * 4,
      )
      data[(y * width + x) * 4 + 3] = opaque ? 255 : 255 - (255 * x) / width
    }
  return data
}

/** Files that decoders treat differently. */
async function photos(): Promise<string[]> {
  const [width, height] = [180, 120]
  const image = (opaque: boolean) => sharp(drawn(width, height, opaque), { raw: { width, height, channels: 4 } })
  const files = {
    'plain.png': image(true).removeAlpha().png(),
    'turned.png': image(true).removeAlpha().png().withMetadata({ orientation: 8 }),
    'turned.jpg': image(true).removeAlpha().jpeg({ quality: 95 }).withMetadata({ orientation: 6 }),
    'mirrored.jpg': image(true).removeAlpha().jpeg({ quality: 95 }).withMetadata({ orientation: 7 }),
    'transparent.png': image(false).png(),
    'palette.png': image(false).png({ palette: true }),
    'grey.png': image(true).removeAlpha().toColourspace('b-w').png(),
    'sixteen_bits.png': image(true).removeAlpha().toColourspace('rgb16').png(),
    'sixteen_bits_of_grey.png': image(true).removeAlpha().toColourspace('grey16').png(),
  }
  const paths = []
  for (const [name, pipeline] of Object.entries(files)) {
    await pipeline.toFile(join(folder, name))
    paths.push(join(folder, name))
  }
  return paths
}

/** Parses the class, its probability and the box that a program printed. */
function printed(line: string): { label: number; numbers: readonly number[] } {
  const [, label = '', rest = ''] = /^(?:class )?(\d+) (.*)$/s.exec(line.trim()) ?? []
  const values = rest.replaceAll(/Float32Array\(\d+\)/g, '').match(/\d+(?:\.\d+)?(?:e-?\d+)?/g) ?? []
  return { label: Number(label), numbers: values.map(Number) }
}

/** JPEG decoders differ in chroma upsampling, which can move the box by a cell: `jpegTolerance`. */
async function agrees(t: ExecutionContext, command: readonly string[], jpegTolerance = 1e-4) {
  const predictor = await OnnxPredictor.open(model)
  for (const photo of await photos()) {
    const [program = '', ...given] = command
    const { status, stdout, stderr } = spawnSync(program, [...given, model, photo], { encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr)
    const { label, numbers } = printed(stdout)
    const { data, width, height } = await decodeImage(photo)
    const [answer] = await predictor.predict([{ data, width, height }])
    const probabilities = [...(answer?.probabilities ?? [])]
    const expected = [Math.max(...probabilities), ...(answer?.box ?? [])]
    const largest = Math.max(...expected.map((value, index) => Math.abs(value - (numbers[index] ?? Number.NaN))))
    t.true(label === probabilities.indexOf(Math.max(...probabilities)), `${photo}: class ${label}`)
    t.true(
      largest <= (photo.endsWith('.jpg') ? jpegTolerance : 1e-4),
      `${photo}: ${stdout.trim()} is ${largest} from ${expected.join(', ')}`,
    )
  }
  await predictor.close()
}

/** The code of a page's example, as a file. */
function example(language: string, name: string, file = 'onnx.md'): string {
  const page = readFileSync(join(packageRoot(), 'docs', file), 'utf8')
  const [, code = ''] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page) ?? []
  writeFileSync(join(folder, name), code)
  return join(folder, name)
}

test('the JavaScript example reads turned, transparent and 16-bit images as wsban does', async (t) => {
  await agrees(t, [process.execPath, example('js', 'consumer.mjs')])
})

test('the Python example reads turned, transparent and 16-bit images as wsban does', async (t) => {
  const python = process.env.WSBAN_PYTHON ?? 'python3'
  if (spawnSync(python, ['-c', 'import onnxruntime, numpy, PIL']).status !== 0) {
    t.log(`skipped: ${python} lacks onnxruntime, numpy or pillow (WSBAN_PYTHON names another)`)
    t.pass()
    return
  }
  await agrees(t, [python, example('python', 'consumer.py')])
})

const others = [
  {
    language: 'Java',
    variable: 'WSBAN_JAVA_CLASSPATH',
    meaning: 'the jars of ONNX Runtime and metadata-extractor',
    command: (classPath: string) => ['java', '-cp', classPath, example('java', 'Consumer.java', 'deploy.md')],
    jpegTolerance: 1e-4,
  },
  {
    language: 'C#',
    variable: 'WSBAN_DOTNET',
    meaning: 'dotnet 10 or newer',
    command: (dotnet: string) => [dotnet, 'run', example('csharp', 'Consumer.cs', 'deploy.md'), '--'],
    jpegTolerance: 1 / 12,
  },
]
for (const { language, variable, meaning, command, jpegTolerance } of others)
  test(`the ${language} example reads turned, transparent and 16-bit images as wsban does`, async (t) => {
    const value = process.env[variable]
    if (value === undefined) {
      t.log(`skipped: ${variable} does not name ${meaning}`)
      t.pass()
      return
    }
    await agrees(t, command(value), jpegTolerance)
  })
