import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { keyOf, Random } from '../../../compiler/random.js'
import { Failure, reasonOf } from '../../failure.js'
import { kindOf, listed, temporaryBeside } from '../../files.js'
import { drawSvg, loadSharp } from '../../images/sharp.js'
import type { Reporter } from '../../reporter.js'
import { boxesFile } from '../boxes.js'
import type { Box } from '../dataset.js'
import { drawScene, imageSize, type Scene } from './scene.js'
import { species } from './species.js'

export interface SampleOptions {
  readonly seed: number
  readonly size: 'small' | 'medium'
}

/** Images of each species. */
const counts = { small: { train: 60, val: 20 }, medium: { train: 250, val: 60 } } as const

const readme = 'README.txt'
/** Identifies a folder that this function wrote, which may be replaced. */
const firstLine = 'Sample birds, drawn by wsban data sample.'

interface Job {
  readonly path: string
  readonly scene: Scene
  readonly seed: number
}

/**
 * Draws the sample data set: species of birds that differ in one small part each, in train/ and val/, with ground-truth boxes. The same seed gives
 * the same bytes. The folder is renamed into place when complete; an older sample set is replaced if nothing was added to it.
 *
 * @throws Failure `folder-not-empty` when another file or folder exists there, or other files are in it
 */
export async function writeSampleBirds(out: string, { seed, size }: SampleOptions, reporter: Reporter): Promise<void> {
  await refuseForeign(out)
  const temporary = temporaryBeside(out)
  try {
    const jobs = jobsFor(seed, size)
    for (const folder of new Set(jobs.map(({ path }) => dirname(path))))
      await mkdir(join(temporary, folder), { recursive: true })
    await drawAll(jobs, temporary, reporter)
    const rows = jobs.map(({ path, scene }) => [path, ...numbers(scene.box), ...numbers(scene.part)].join(','))
    await writeFile(
      join(temporary, boxesFile),
      `path,y1,x1,y2,x2,part_y1,part_x1,part_y2,part_x2\n${rows.join('\n')}\n`,
    )
    await writeFile(join(temporary, readme), readmeText(seed, jobs.length))
    // Checked again: drawing takes a while, in which the folder may have been filled.
    await refuseForeign(out)
    await rm(out, { recursive: true, force: true })
    await rename(temporary, out)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    if (error instanceof Failure) throw error
    throw new Failure(
      {
        code: 'cannot-write',
        message: `cannot write ${out}: ${reasonOf(error)}`,
        help: 'choose another folder with -o',
        path: out,
      },
      { cause: error },
    )
  }
}

function jobsFor(seed: number, size: SampleOptions['size']): Job[] {
  return (['train', 'val'] as const).flatMap((split) =>
    species.flatMap(({ name, traits }) =>
      Array.from({ length: counts[size][split] }, (_, index): Job => {
        const key = keyOf(seed, split, name, index)
        return {
          path: `${split}/${name}/${String(index + 1).padStart(3, '0')}.jpg`,
          scene: drawScene(traits, new Random(key)),
          seed: keyOf(key, 'noise'),
        }
      }),
    ),
  )
}

/** A few images at a time; sharp has threads of its own. */
async function drawAll(jobs: readonly Job[], folder: string, reporter: Reporter): Promise<void> {
  const batch = 8
  for (let start = 0; start < jobs.length; start += batch) {
    await Promise.all(jobs.slice(start, start + batch).map((job) => rasterise(job, join(folder, job.path))))
    reporter.progress(`${Math.min(start + batch, jobs.length)} of ${jobs.length} images drawn`)
  }
}

async function rasterise({ scene, seed }: Job, path: string): Promise<void> {
  const raw = await drawSvg((sharp) => sharp(Buffer.from(scene.svg)).removeAlpha().blur(scene.blur).raw().toBuffer())
  const sharp = await loadSharp()
  const random = new Random(seed)
  for (let i = 0; i < raw.length; i++)
    raw[i] = Math.min(
      255,
      Math.max(0, Math.round((raw[i] as number) + (random.uniform() + random.uniform() - 1) * scene.noise * 2)),
    )
  await sharp(raw, { raw: { width: imageSize, height: imageSize, channels: 3 } })
    .jpeg({ quality: 90 })
    .toFile(path)
}

function numbers({ y1, x1, y2, x2 }: Box): string[] {
  return [y1, x1, y2, x2].map((value) => value.toFixed(5))
}

function readmeText(seed: number, images: number): string {
  const list = species.map(
    ({ name, traits }) =>
      `  ${name}: ${Object.entries(traits)
        .flatMap(([part, kind]) => (kind === 'plain' ? [] : [`${part}: ${kind}`]))
        .join(', ')}`,
  )
  return [
    firstLine,
    '',
    `${images} images of invented birds, seed ${seed}. All look alike but for one small part; colour, pose, place and ground are chance:`,
    ...list,
    '',
    `${boxesFile} holds the true box of each bird, and of the part that tells, as fractions of the image.`,
    '',
  ].join('\n')
}

async function refuseForeign(out: string): Promise<void> {
  const kind = await kindOf(out)
  if (kind === undefined) return
  const text = kind === 'folder' ? await readFile(join(out, readme), 'utf8').catch(() => '') : ''
  if (!text.startsWith(firstLine))
    throw new Failure({
      code: 'folder-not-empty',
      message: `${out} exists and is not a sample data set, so it is not replaced`,
      help: 'choose a new folder with -o',
      path: out,
      exit: 2,
    })
  const entries = await readdir(out, { recursive: true, withFileTypes: true })
  const added = entries
    .filter((entry) => !isOwn(relative(out, join(entry.parentPath, entry.name)), entry.isFile(), entry.isDirectory()))
    .map((entry) => join(entry.parentPath, entry.name))
  if (added.length === 0) return
  throw new Failure({
    code: 'folder-not-empty',
    message: `${out} is a sample data set that contains other files: ${listed(added.sort())}`,
    help: 'choose a new folder with -o, or move that to another place; nothing was changed',
    path: out,
    exit: 2,
  })
}

/** Whether a sample set of any seed and size has a file, or a folder, of that path. */
function isOwn(path: string, file: boolean, folder: boolean): boolean {
  const [split = '', name = '', image = ''] = path.split(sep)
  if (file && (path === readme || path === boxesFile)) return true
  if (split !== 'train' && split !== 'val') return false
  if (name !== '' && !species.some((one) => one.name === name)) return false
  return image === '' ? folder : file && /^\d{3}\.jpg$/.test(image)
}
