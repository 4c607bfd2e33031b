import { extname } from 'node:path'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { dotOf } from '../../compiler/diagram/dot.js'
import { fold } from '../../compiler/diagram/fold.js'
import type { Direction } from '../../compiler/diagram/layout.js'
import { svgOf, type Theme } from '../../compiler/diagram/svg.js'
import { Failure } from '../../runtime/failure.js'
import { writeAtomically } from '../../runtime/files.js'
import type { Io } from '../io.js'
import { readySpec } from './spec.js'

interface Drawing {
  readonly output?: string
  readonly theme: Theme
  readonly direction?: Direction
  readonly set?: ModelSettings
}

const kinds = ['.svg', '.dot', '.json']

/** Writes the image of a model; what it is written as, the file's name says. */
export async function drawGraph(file: string, { output, theme, direction, set }: Drawing, io: Io): Promise<number> {
  const kind = output === undefined ? '.dot' : extname(output).toLowerCase()
  if (!kinds.includes(kind))
    throw new Failure({
      code: 'wrong-usage',
      message: `an image is written as .svg, .dot or .json, not as ${kind === '' ? `${output}` : kind}`,
      help: 'wsban graph models/wsban.wsban -o wsban.svg',
      exit: 2,
    })
  const { graph } = readySpec(file, set ?? {}, io)
  const diagram = fold(graph)
  const text =
    kind === '.svg'
      ? svgOf(diagram, theme, direction)
      : kind === '.dot'
        ? dotOf(diagram)
        : `${JSON.stringify(diagram, undefined, 2)}\n`
  if (output === undefined) io.write(text)
  else {
    await writeAtomically(output, text)
    io.reporter.say(`wrote ${output}`)
  }
  io.json({ ok: true, ...(output !== undefined && { output }), diagram })
  return 0
}
