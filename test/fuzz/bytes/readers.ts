import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../../../compiler/compile.js'
import { readMat5 } from '../../../runtime/data/mat5.js'
import { openDataSet } from '../../../runtime/data/open.js'
import { exportOnnx } from '../../../runtime/export/onnx.js'
import { Failure } from '../../../runtime/failure.js'
import { decodeImage } from '../../../runtime/images/decode.js'
import { OnnxPredictor } from '../../../runtime/inference/onnx.js'
import { readOnnxMetadata } from '../../../runtime/inference/onnx_metadata.js'
import { packageRoot } from '../../../runtime/package_root.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import { diskLibrary } from '../../../runtime/specs/library.js'
import { compileStored, compileText } from '../../../runtime/specs/spec.js'
import { nodeOutputs } from '../../../runtime/weights/formats/onnx.js'
import { openWeightFile } from '../../../runtime/weights/open_weight_file.js'
import type { WeightFile } from '../../../runtime/weights/weight_file.js'
import { sharp } from '../../support/sharp.js'
import { storedZip } from '../../support/stored_zip.js'
import { writeTar } from '../../support/tar_files.js'
import { messageSeeds, ServerUnderTest } from './language_server.js'

/** A reader of untrusted bytes, with valid files as seeds. */
export interface Reader {
  readonly name: string
  /** Valid files, which are mutated. */
  seeds(): Promise<readonly Uint8Array[]>
  /** Reads the whole input. @throws Failure for invalid input, and nothing else */
  read(bytes: Uint8Array, folder: string): Promise<void>
  /** The fraction of inputs to try, for readers that take milliseconds per input. */
  readonly share?: number
}

const fixtures = (folder: string, fits: RegExp) => {
  const root = join(packageRoot(), 'test', folder, 'fixtures')
  return readdirSync(root)
    .filter((name) => fits.test(name))
    .sort()
    .map((name) => readFileSync(join(root, name)))
}

/** Returns a reader of files on disk. */
function ofFile(extension: string, read: (path: string) => Promise<void>): Reader['read'] {
  return async (bytes, folder) => {
    const path = join(folder, `input${extension}`)
    writeFileSync(path, bytes)
    await read(path)
  }
}

async function readWeights(path: string): Promise<void> {
  const file: WeightFile = await openWeightFile(path)
  try {
    for (const { bytes } of file.entries.values()) await bytes()
  } finally {
    await file.close()
  }
}

const texts =
  (...all: readonly string[]) =>
  async () =>
    all.map((text) => Buffer.from(text))

const spec = `model small(classes = 3) {
  input image: Image[3, 8, 8] { resize(8), normalize(0.5, 0.5) }
  branch master(image) { logits = conv2d(image, 4, 3) -> relu -> global_avg_pool -> linear(classes) }
  predict probabilities = softmax(master.logits)
}
`

async function exported(folder: string): Promise<Buffer> {
  const { graph, stored } = compileText('small.wsban', spec)
  if (!graph) throw new Error('the seed does not compile')
  const path = join(folder, 'seed.onnx')
  const weights = { seed: 1 }
  await exportOnnx({ graph, stored, classes: undefined, path, input: 'image', weights, without: [] })
  return readFileSync(path)
}

const image = { width: 20, height: 17, data: new Uint8Array(20 * 17 * 3).fill(90) }

/** @param folder for temporary files of the seeds */
export function readers(folder: string): readonly Reader[] {
  let server: Promise<ServerUnderTest> | undefined
  return [
    {
      name: 'safetensors',
      seeds: async () => fixtures('weights', /\.safetensors$/),
      read: ofFile('.safetensors', readWeights),
    },
    {
      name: 'pickle',
      // Zipped anew each time, so that only the pickle is damaged.
      seeds: async () => fixtures('weights', /\.pkl$/),
      read: (bytes, place) =>
        ofFile('.pth', readWeights)(
          storedZip([
            ['archive/data.pkl', Buffer.from(bytes)],
            ['archive/data/0', Buffer.alloc(8)],
          ]),
          place,
        ),
    },
    {
      name: 'zip',
      seeds: async () => fixtures('weights', /^(zip|training|module)\.pth$/),
      read: ofFile('.pth', readWeights),
    },
    { name: 'old torch', seeds: async () => fixtures('weights', /^old\.pth$/), read: ofFile('.pth', readWeights) },
    {
      name: 'mat',
      seeds: async () => fixtures('data', /\.mat$/),
      read: ofFile('.mat', async (path) => void (await readMat5(path))),
    },
    {
      name: 'onnx',
      seeds: async () => [await exported(folder)],
      read: ofFile('.onnx', async (path) => {
        for (const read of [readOnnxMetadata, async () => nodeOutputs(path), readWeights])
          await failing(() => read(path))
      }),
    },
    {
      name: 'onnx run',
      share: 0.1,
      seeds: async () => [await exported(folder)],
      read: ofFile('.onnx', async (path) => {
        const predictor = await OnnxPredictor.open(path)
        try {
          await predictor.predict([image])
        } finally {
          await predictor.close()
        }
      }),
    },
    {
      name: 'tar',
      seeds: async () => [tarOfTwo(folder)],
      read: ofFile('.tar', async (path) => void (await openDataSet(path, { seed: 1 }))),
    },
    {
      name: 'csv',
      seeds: texts(
        'path,label,split,x1,y1,x2,y2\na.jpg,"Minivan, red",train,1,2,3,4\nb.jpg,b,val,,,,\n',
        'file;class\na;b\n',
        'a.jpg house sparrow\nb.jpg tit\n',
      ),
      read: ofFile('.csv', async (path) => void (await openDataSet(path, { seed: 1 }))),
    },
    {
      name: 'json list',
      seeds: texts(
        '[{"path":"a.jpg","label":"a","box":{"x1":1,"y1":2,"x2":3,"y2":4}},\n{"path":"b.jpg","label":"b"}]',
        '{"images":[{"id":1,"file_name":"a.jpg"}],"annotations":[{"image_id":1,"category_id":2,"bbox":[1,2,3,4]}],"categories":[{"id":2,"name":"x"}]}',
      ),
      read: ofFile('.json', async (path) => void (await openDataSet(path, { seed: 1 }))),
    },
    {
      name: 'json lines',
      seeds: texts('{"path":"a.jpg","label":"a","split":"val"}\n{"path":"b.jpg","label":3}\n'),
      read: ofFile('.jsonl', async (path) => void (await openDataSet(path, { seed: 1 }))),
    },
    {
      name: 'image',
      share: 0.3,
      seeds: imageSeeds,
      read: async (bytes) => void (await decodeImage(bytes, 'input', 16)),
    },
    {
      name: 'run.json',
      seeds: async () => [Buffer.from(JSON.stringify(runInfo()))],
      read: async (bytes, place) => {
        writeFileSync(join(place, 'run.json'), bytes)
        writeFileSync(join(place, 'log.jsonl'), bytes)
        const run = await RunFolder.open(place)
        await run.log.read()
        await run.metrics()
        compileStored(run.info.spec)
        run.weightsPath()
      },
    },
    {
      name: 'language server',
      share: 0.2,
      seeds: async () => messageSeeds(),
      read: async (bytes) => {
        server ??= ServerUnderTest.start()
        await (await server).receive(bytes)
      },
    },
    {
      name: 'spec',
      share: 0.2,
      seeds: texts(spec),
      read: async (bytes) =>
        void compile({ source: 'input.wsban', text: Buffer.from(bytes).toString() }, diskLibrary()),
    },
  ]
}

/** So that a failure of the first does not keep the next from reading. */
async function failing(read: () => Promise<unknown>): Promise<void> {
  try {
    await read()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
  }
}

async function imageSeeds(): Promise<readonly Uint8Array[]> {
  const data = Buffer.from(Array.from({ length: 24 * 18 * 3 }, (_, i) => (i * 7) % 256))
  const made = sharp(data, { raw: { width: 24, height: 18, channels: 3 } }).withMetadata({ orientation: 6 })
  const formats = ['jpeg', 'png', 'webp', 'avif', 'tiff', 'gif'] as const
  const encoded = await Promise.all(formats.map((format) => made.clone().toFormat(format).toBuffer()))
  const others = join(packageRoot(), 'test', 'images', 'fixtures', 'formats')
  const names = ['alpha.heic', 'palette4.bmp', 'rgb565.bmp', 'rgba32.bmp', 'rle4.bmp', 'rle8.bmp']
  return [...encoded, ...names.map((name) => readFileSync(join(others, name)))]
}

function runInfo(): unknown {
  const { stored } = compileText('small.wsban', spec)
  const numbers = { seed: 1, epochs: 2, batch: 4, keep: 0, saveEvery: 10 }
  const texts = {
    wsban: '0.1.0',
    model: 'small',
    data: 'birds',
    engine: 'wasm',
    last: 'epoch-0001',
    best: 'epoch-0001',
  }
  return {
    ...texts,
    ...numbers,
    spec: stored,
    classes: ['a', 'b', 'c'],
    kept: ['epoch-0000'],
    kind: 'epoch',
    epoch: 1,
    val: {},
  }
}

function tarOfTwo(folder: string): Buffer {
  const path = join(folder, 'two.tar')
  writeTar(path, { '1.jpg': 'x', '1.cls': 'a', '2.jpg': 'y', '2.json': '{"label": "b", "x1": 1}' }, 'pax')
  return readFileSync(path)
}
