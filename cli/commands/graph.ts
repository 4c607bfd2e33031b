import { type Command, Option } from 'commander'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import type { Direction } from '../../compiler/diagram/layout.js'
import type { Theme } from '../../compiler/diagram/svg.js'
import type { EngineName } from '../../runtime/engines/index.js'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, engineOption, example, settable } from '../options.js'

interface GraphOptions extends CommonOptions {
  readonly output?: string
  readonly theme: Theme
  readonly direction?: Direction
  readonly column?: boolean
  readonly image?: string
  readonly engine?: EngineName
  readonly set?: ModelSettings
}

export function register(program: Command): void {
  const command = program
    .command('graph <file-or-run>')
    .description('draw the diagram of a model, as a paper would show it')
    .option(
      '-o, --output <file>',
      'F.svg, F.pdf, F.png, F.dot or F.json; without it the DOT text goes to standard output',
    )
    .addOption(
      new Option('--theme <name>', "colours; auto follows the reader's screen in an SVG file and is light elsewhere")
        .choices(['auto', 'light', 'dark'])
        .default('auto'),
    )
    .addOption(
      new Option('--direction <name>', 'which way the arrows go; what is larger on a page by default').choices([
        'across',
        'down',
      ]),
    )
    .addOption(
      new Option(
        '--column',
        'for one column of a two-column paper (8.25 cm): narrow, with all losses in one box',
      ).conflicts('direction'),
    )
    .option('--image <photo>', 'of a run: show the photo, its attention maps and its crop in the boxes')
    .addOption(engineOption())
  example(
    settable(common(command)),
    'wsban graph models/wsban.wsban -o wsban.svg',
    'wsban graph runs/birds -o birds.pdf --image photo.jpg',
  ).action((file: string, options: GraphOptions) =>
    act(options, async (io) => {
      const { drawGraph } = await import('../actions/draw_graph.js')
      return drawGraph(file, options, io)
    }),
  )
}
