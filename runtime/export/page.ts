import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { View } from '../../compiler/graph/view.js'
import { writeAtomically } from '../files.js'
import { packageRoot } from '../package-root.js'
import { escapeText } from '../report/markup.js'
import type { AnswerCalibration } from '../runs/answer_calibration.js'
import { WrittenFiles } from '../written_files.js'

export interface PageContent {
  readonly title: string
  readonly subtitle: string
  readonly classes: readonly string[]
  /** The part of an image that the model sees. */
  readonly view: View
  /** The exported file. */
  readonly model: string
  readonly calibration?: AnswerCalibration
}

/**
 * A folder with a page that runs the exported file in a browser: model, ONNX Runtime and page in four files, none of which asks for
 * anything else. Scripts hold the binaries, since a page opened from a disk may not fetch files.
 *
 * @throws Failure `cannot-write`, `file-exists` where a file would replace one that wsban did not write
 */
export async function writePage(
  folder: string,
  { title, subtitle, classes, view, model, calibration }: PageContent,
): Promise<void> {
  const made = join(packageRoot(), 'dist', 'page')
  const [template, script] = await Promise.all([
    readFile(join(made, 'index.html'), 'utf8'),
    readFile(join(made, 'page.js'), 'utf8'),
  ])
  const values: Readonly<Record<string, string>> = {
    title: escapeText(title),
    subtitle: escapeText(subtitle),
    script: script.replaceAll('</script', '<\\/script'),
  }
  const files = await WrittenFiles.open(folder)
  await files.check(pageFiles)
  await files.writeBy('wasm.js', (path) =>
    writeAtomically(path, scriptOf('globalThis.wsbanRuntime = "', join(made, 'ort.wasm'), '"\n')),
  )
  await files.writeBy('model.js', (path) =>
    writeAtomically(
      path,
      scriptOf(
        `globalThis.wsbanPage = { classes: ${JSON.stringify(classes)}, view: ${JSON.stringify(view)}, calibration: ${JSON.stringify(calibration ?? null)}, model: "`,
        model,
        '" }\n',
      ),
    ),
  )
  await files.write(
    'index.html',
    template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? ''),
  )
}

const pageFiles = ['wasm.js', 'model.js', 'index.html']

/** To be asked before a model is exported for the page. @throws Failure `file-exists` */
export async function checkPageFolder(folder: string): Promise<void> {
  await (await WrittenFiles.open(folder)).check(pageFiles)
}

/** A file as base64 within a line of script, a piece at a time. */
async function* scriptOf(before: string, path: string, after: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(before)
  // Three bytes are four characters: only the last piece may need padding.
  let rest: Buffer = Buffer.alloc(0)
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) {
    const bytes = Buffer.concat([rest, piece])
    const whole = bytes.length - (bytes.length % 3)
    yield Buffer.from(bytes.toString('base64', 0, whole))
    rest = bytes.subarray(whole)
  }
  yield Buffer.from(rest.toString('base64'))
  yield Buffer.from(after)
}
