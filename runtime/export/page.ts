import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { View } from '../../compiler/graph/view.js'
import { writeAtomically } from '../files.js'
import { packageRoot } from '../package-root.js'
import { escapeText } from '../report/markup.js'

export interface PageContent {
  readonly title: string
  readonly subtitle: string
  readonly classes: readonly string[]
  /** What the model sees of a picture. */
  readonly view: View
  /** The exported file. */
  readonly model: string
}

/**
 * A folder with a page that runs the exported file in a browser: model, ONNX Runtime and page in four files, none of which asks for
 * anything else. Scripts hold the binaries, since a page opened from a disk may not fetch files.
 *
 * @throws Failure `cannot-write`
 */
export async function writePage(folder: string, { title, subtitle, classes, view, model }: PageContent): Promise<void> {
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
  await writeAtomically(join(folder, 'wasm.js'), scriptOf('globalThis.wsbanRuntime = "', join(made, 'ort.wasm'), '"\n'))
  await writeAtomically(
    join(folder, 'model.js'),
    scriptOf(
      `globalThis.wsbanPage = { classes: ${JSON.stringify(classes)}, view: ${JSON.stringify(view)}, model: "`,
      model,
      '" }\n',
    ),
  )
  await writeAtomically(
    join(folder, 'index.html'),
    template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => values[name] ?? ''),
  )
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
