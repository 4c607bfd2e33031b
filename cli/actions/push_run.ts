import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Graph } from '../../compiler/graph/graph.js'
import { defaultOpset } from '../../compiler/targets/onnx/opsets.js'
import { defaultResize } from '../../compiler/targets/onnx/resize_lowering.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { Failure } from '../../runtime/failure.js'
import { kindOf, writeAtomically } from '../../runtime/files.js'
import { cardMetrics, spaceCard } from '../../runtime/hub/front_matter.js'
import { publishedCard } from '../../runtime/hub/published_card.js'
import { cardName, exportedName } from '../../runtime/hub/pull_run.js'
import { sharedFiles, weightsIn, writeSharedRun } from '../../runtime/hub/shared_run.js'
import { type TimmTrunk, timmTrunk, trunkFile } from '../../runtime/hub/timm_trunk.js'
import { requireToken, type UploadedFile, uploadToHub } from '../../runtime/hub/upload.js'
import { packageVersion } from '../../runtime/package_version.js'
import { dataOf } from '../../runtime/runs/find.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { shellWord } from '../../runtime/shell_word.js'
import { compileStored } from '../../runtime/specs/spec.js'
import { openSafetensors, writeEntries } from '../../runtime/weights/formats/safetensors.js'
import { type HubSettings, hubSettings, isHubName } from '../../runtime/weights/hub.js'
import { publishedAs } from '../../runtime/weights/published.js'
import { listName } from '../../runtime/written_files.js'
import { Io } from '../io.js'
import { exportModel } from './export_model.js'
import { requireHubName } from './hub_name.js'
import { requireGraph } from './spec.js'
import { reportOn } from './write_report.js'

export interface PushOptions {
  readonly license?: string
  readonly private?: boolean
  readonly revision: string
  readonly space?: boolean
  readonly data?: string
  readonly engine?: EngineName
  readonly dryRun?: boolean
}

/** A Space shows one branch, so its page is always on this one. */
const spaceRevision = 'main'

/** `wsban push`: publishes a run on the model hub. */
export async function pushRun(source: string, repository: string, options: PushOptions, io: Io): Promise<number> {
  requireHubName(repository, options.revision)
  const settings = hubSettings()
  if (!options.dryRun) requireOnline(settings)
  const work = await mkdtemp(join(tmpdir(), 'wsban-push-'))
  try {
    const made = await makeFiles(source, repository, work, options, io)
    const sizes = await Promise.all(
      [...made.model, ...made.space].map(async ({ name, path }) => ({ name, bytes: (await stat(path)).size })),
    )
    const [ofModel, ofSpace] = [sizes.slice(0, made.model.length), sizes.slice(made.model.length)]
    const address = `${settings.base}/${repository}`
    const spaceAddress = `${settings.base}/spaces/${repository}`
    if (options.license === undefined)
      io.reporter.warn('the card names no licence, so that others may not use the model: --license NAME adds it')
    const document = {
      ok: true,
      repository,
      revision: options.revision,
      files: ofModel,
      space: options.space ? ofSpace : null,
      timm: made.trunk?.architecture ?? null,
    }
    if (options.dryRun) {
      io.print(`${address}:`)
      for (const line of listing(ofModel)) io.print(line)
      if (options.space) io.print(`${spaceAddress}:`)
      for (const line of listing(ofSpace)) io.print(line)
      io.json({ ...document, published: false })
      return 0
    }
    const title = `Publish a run of wsban ${packageVersion()}`
    const target = { name: repository, private: options.private ?? false }
    const { revision } = options
    const commit = await uploadToHub({ ...target, type: 'model', revision }, made.model, title, settings, io.reporter)
    io.print(`published ${address}`)
    if (options.space) {
      const place = { ...target, type: 'space', revision: spaceRevision } as const
      await uploadToHub(place, made.space, title, settings, io.reporter)
      io.print(`published ${spaceAddress}`)
    }
    io.next(`wsban pull ${shellWord(repository)}${revision === 'main' ? '' : ` --revision ${shellWord(revision)}`}`)
    io.json({ ...document, published: true, commit: commit ?? null, address })
    return 0
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** @throws Failure `hub-offline`, `hub-no-token` */
function requireOnline(settings: HubSettings): void {
  if (settings.offline)
    throw new Failure({
      code: 'hub-offline',
      message: 'HF_HUB_OFFLINE is set, and publishing needs the model hub',
      help: 'unset it, or list the files with --dry-run',
    })
  requireToken(settings)
}

interface MadeFiles {
  readonly model: readonly UploadedFile[]
  readonly space: readonly UploadedFile[]
  readonly trunk: TimmTrunk | undefined
}

async function makeFiles(
  source: string,
  repository: string,
  work: string,
  options: PushOptions,
  io: Io,
): Promise<MadeFiles> {
  const run = await RunFolder.open(source)
  const data = options.data ?? dataOf(run)
  const { license, engine } = options
  const report = await reportOn(source, { data, ...(engine && { engine }) }, io)
  const shared = join(work, 'run')
  await writeSharedRun(run, shared)
  const { info } = await RunFolder.open(shared)
  const { graph } = requireGraph(compileStored(info.spec), source, io)
  const weights = weightsIn(shared, info.best ?? info.last ?? '')
  const exported = join(work, exportedName)
  const page = options.space ? join(work, 'page') : undefined
  await exportShared(shared, exported, page, io)
  const trunk = timmTrunk(graph, info.classes)
  const trunkPath = join(work, trunkFile)
  if (trunk) await writeTrunk(weights, trunk, trunkPath)
  const config = { ...trunk?.config, wsban: { version: packageVersion(), model: info.model, classes: info.classes } }
  const baseModel = baseOf(graph, run.info.weights)
  const card = publishedCard({
    report,
    metadata: {
      ...(license !== undefined && { license }),
      ...(baseModel !== undefined && { baseModel }),
      timm: trunk !== undefined,
      dataSet: info.data,
      metrics: cardMetrics(report),
    },
    model: info.model,
    repository,
    data,
    trunk,
  })
  await writeAtomically(join(work, cardName), card)
  await writeAtomically(join(work, 'config.json'), `${JSON.stringify(config, undefined, 2)}\n`)
  const texts = [sharedFiles.info, sharedFiles.spec, sharedFiles.log, sharedFiles.calibration]
  const there = await Promise.all(texts.map(async (name) => ((await kindOf(join(shared, name))) ? [name] : [])))
  return {
    model: [
      { name: cardName, path: join(work, cardName) },
      { name: 'config.json', path: join(work, 'config.json') },
      ...there.flat().map((name) => ({ name, path: join(shared, name) })),
      { name: sharedFiles.weights, path: weights },
      { name: exportedName, path: exported },
      ...(trunk ? [{ name: trunkFile, path: trunkPath }] : []),
    ],
    space: page === undefined ? [] : await spaceFiles(page, work, info.model, repository, license),
    trunk,
  }
}

const exportDocument = z.object({ checked: z.boolean() })

/** Exports the run for publication: nothing about this machine may be in the file. */
async function exportShared(run: string, out: string, page: string | undefined, io: Io): Promise<void> {
  let document: unknown
  const step = new Io({ quiet: true }, (received) => {
    document = received
  })
  const settings = { seed: 1, precision: 'fp32', maxDrop: 0.01, input: 'image', check: true } as const
  const places = { out, ...(page !== undefined && { page }) }
  await exportModel(run, { ...settings, ...places, opset: defaultOpset, resize: defaultResize }, step)
  if (!exportDocument.parse(document).checked)
    io.reporter.warn(`${exportedName} was not run: ONNX Runtime could not be loaded`)
}

/** Writes the tensors of the trunk under the names that timm gives them. */
async function writeTrunk(weights: string, { names }: TimmTrunk, path: string): Promise<void> {
  const file = openSafetensors(weights)
  try {
    const entries = [...file.entries].flatMap(([name, entry]) => {
      const own = names.get(name)
      return own === undefined ? [] : [[own, entry] as const]
    })
    // PyTorch's readers of safetensors ask for this format.
    await writeEntries(path, new Map(entries), { format: 'pt' })
  } finally {
    await file.close()
  }
}

/** The repository of the published weights that training began with. A path may look like the name of one. */
function baseOf({ pretrained }: Graph, given: string | undefined): string | undefined {
  const sources = given === undefined ? pretrained.map(({ source }) => source) : [given]
  return sources.find((source) => isHubName(source) && (publishedAs(source) !== undefined || !existsSync(source)))
}

async function spaceFiles(
  page: string,
  work: string,
  model: string,
  repository: string,
  license: string | undefined,
): Promise<UploadedFile[]> {
  const card = join(work, 'space.md')
  await writeAtomically(card, spaceCard(model, repository, license))
  const entries = await readdir(page, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile() && entry.name !== listName)
    .map((entry) => join(entry.parentPath, entry.name))
  const nameOf = (path: string) => path.slice(page.length + 1).replaceAll('\\', '/')
  return [{ name: cardName, path: card }, ...files.map((path) => ({ name: nameOf(path), path }))]
}

/** Names and sizes in two columns, with the sum. */
function listing(files: readonly { readonly name: string; readonly bytes: number }[]): string[] {
  if (files.length === 0) return []
  const all = [...files, { name: 'all', bytes: files.reduce((sum, { bytes }) => sum + bytes, 0) }]
  const widest = Math.max(...all.map(({ name }) => name.length))
  return all.map(({ name, bytes }) => `  ${name.padEnd(widest)}  ${(bytes / 1e6).toFixed(3).padStart(10)} MB`)
}
