import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { View } from '../../compiler/graph/view.js'
import type { ResizedModel } from '../export/onnx.js'
import { hasCode, writeAtomically } from '../files.js'
import { packageRoot } from '../package_root.js'
import { escapeText } from '../report/markup.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { WrittenFiles } from '../written_files.js'
import { displayNames } from './display_names.js'
import type { Asset, PageSettings, SamplePhoto } from './settings.js'

export interface PageContent {
  readonly title: string
  readonly subtitle: string
  readonly classes: readonly string[]
  /** The part of an image that the model sees. */
  readonly view: View
  /** The exported file from its resized image on, or the path of the whole file. */
  readonly model: ResizedModel | string
  readonly calibration?: AnswerCalibration
  /** The sample photos of the page. */
  readonly samples?: readonly SamplePhoto[]
}

/** A multiple of three: base64 pads none but the last piece. As base64 it is 1.5 MiB. */
const pieceBytes = 1_179_648

const htmlFile = 'index.html'
const manifestFile = 'manifest.webmanifest'
const iconFile = 'icon.svg'
const serviceFile = 'service-worker.js'
const rootFiles = [htmlFile, manifestFile, iconFile, serviceFile]
const folderOfFiles = 'files'

/** Files that wsban writes; `wasm.js` and `model.js` are of earlier versions. */
const ownFile =
  /^(?:index\.html|icon\.svg|manifest\.webmanifest|service-worker\.js|wasm\.js|model\.js|files\/(?:runtime|model)(?:\.bin|-\d{3,}\.js))$/

/**
 * Writes a folder with a page that runs the exported file in a browser, and asks for nothing from outside. Large files are written twice: as binary
 * files for pages from a server, and in pieces within scripts, since a page opened from a disk may not fetch files.
 *
 * @throws Failure `cannot-write`, `file-exists` where a file would replace one that wsban did not write
 */
export async function writePage(folder: string, content: PageContent): Promise<void> {
  const { title, subtitle, classes, view, model, calibration, samples = [] } = content
  const made = join(packageRoot(), 'dist', 'page')
  const text = (name: string) => readFile(join(made, name), 'utf8')
  const [template, style, script, worker, service, icon] = await Promise.all([
    text('index.html'),
    text('style.css'),
    text('page.js'),
    text('worker.js'),
    text('service-worker.js'),
    text('icon.svg'),
  ])
  const files = await WrittenFiles.open(folder)
  const before = await existing(folder)
  await files.check(before)
  const runtime = await writeAsset(files, 'runtime', () => createReadStream(join(made, 'runtime.bin')))
  const loaded =
    typeof model === 'string'
      ? await writeAsset(files, 'model', () => createReadStream(model))
      : await writeAsset(files, 'model', () => model.pieces())
  const settings: PageSettings = {
    labels: [...classes],
    names: [...displayNames(classes)],
    view,
    calibration: calibration ?? null,
    resize: typeof model === 'string' ? null : model.resize,
    runtime: runtime.asset,
    model: loaded.asset,
    samples: [...samples],
  }
  const inline = { style, script: inScript(script), worker: inScript(worker) }
  const values: Readonly<Record<string, string>> = {
    ...inline,
    title: escapeText(title),
    subtitle: escapeText(subtitle),
    settings: JSON.stringify(settings).replaceAll('<', '\\u003c'),
    policy: policyFor(inline),
  }
  const html = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? '')
  const manifest = manifestFor(title)
  const precached = {
    version: createHash('sha256').update(html).update(manifest).digest('hex'),
    files: [htmlFile, manifestFile, iconFile, runtime.asset.file, loaded.asset.file],
  }
  await files.writeAll([
    { path: htmlFile, text: html },
    { path: iconFile, text: icon },
    { path: manifestFile, text: manifest },
    { path: serviceFile, text: `const precached = ${JSON.stringify(precached)}\n${service}` },
  ])
  const written = new Set([...rootFiles, ...runtime.paths, ...loaded.paths])
  for (const path of before) if (!written.has(path) && (await files.owns(path))) await rm(join(folder, path))
}

/** Returns the web app manifest, with which browsers install a page from a server. */
function manifestFor(title: string): string {
  const icons = [{ src: iconFile, sizes: 'any', type: 'image/svg+xml', purpose: 'any maskable' }]
  const colours = { background_color: '#fafafc', theme_color: '#1d2430' }
  return `${JSON.stringify({ name: title, start_url: '.', display: 'standalone', ...colours, icons }, undefined, 2)}\n`
}

/** Checks a folder before the export of its page. @throws Failure `file-exists` */
export async function checkPageFolder(folder: string): Promise<void> {
  await (await WrittenFiles.open(folder)).check(await existing(folder))
}

/** Returns the files that every page has, and those of an earlier page in the folder. */
async function existing(folder: string): Promise<readonly string[]> {
  const names = async (path: string) => {
    try {
      return await readdir(path)
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []
      throw error
    }
  }
  const below = await names(join(folder, folderOfFiles))
  const found = [...(await names(folder)), ...below.map((name) => `${folderOfFiles}/${name}`)]
  const always = [...rootFiles, `${folderOfFiles}/runtime.bin`, `${folderOfFiles}/model.bin`]
  return [...new Set([...always, ...found.filter((path) => ownFile.test(path))])]
}

interface WrittenAsset {
  readonly asset: Asset
  /** Paths relative to the folder of the page. */
  readonly paths: readonly string[]
}

/** Writes a file in binary form, and as scripts, each of which assigns its piece to `wsbanPiece` (runtime/page/asset_loader.ts). */
async function writeAsset(
  files: WrittenFiles,
  name: 'runtime' | 'model',
  content: () => AsyncIterable<Uint8Array>,
): Promise<WrittenAsset> {
  const path = `${folderOfFiles}/${name}.bin`
  await files.writeBy(path, (place) => writeAtomically(place, content()))
  const pieces: string[] = []
  const hash = createHash('sha256')
  let bytes = 0
  for await (const piece of inPieces(content())) {
    const script = `${folderOfFiles}/${name}-${String(pieces.length + 1).padStart(3, '0')}.js`
    await files.write(script, `globalThis.wsbanPiece = "${piece.toString('base64')}"\n`)
    pieces.push(script)
    hash.update(piece)
    bytes += piece.length
  }
  // The hash in the URL bypasses a cached file of an earlier export.
  const file = `${path}?${hash.digest('hex').slice(0, 16)}`
  return { asset: { file, bytes, pieces }, paths: [path, ...pieces] }
}

/** Cuts a stream of bytes into pieces of one length; the last one may be shorter. */
async function* inPieces(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = []
  let length = 0
  for await (let rest of content)
    while (rest.length > 0) {
      const part = rest.subarray(0, pieceBytes - length)
      rest = rest.subarray(part.length)
      parts.push(part)
      length += part.length
      if (length < pieceBytes) continue
      yield Buffer.concat(parts)
      parts = []
      length = 0
    }
  if (length > 0) yield Buffer.concat(parts)
}

/** Code as the text of a script element, which its own end would close. */
function inScript(code: string): string {
  return code.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--')
}

/** The page runs its own script and its worker, and reaches no other server. */
function policyFor({ style, script }: { readonly style: string; readonly script: string }): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return [
    "default-src 'none'",
    `script-src 'self' file: ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    "worker-src blob: 'self'",
    "img-src blob: data: 'self'",
    "connect-src data: 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ')
}
