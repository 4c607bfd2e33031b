import { shellWord } from '../shell_word.js'

export interface ReadmeContent {
  readonly title: string
  /** The folder of images, seen from the project. */
  readonly images: string
  /** Whether these are the sample birds. */
  readonly sample: boolean
}

/** The commands of a new project, in their order. */
export function readmeOf({ title, images, sample }: ReadmeContent): string {
  const place = shellWord(images)
  const heading = title.replace(/[\\`*_{}[\]<>#|\r\n]/g, ' ').trim() || 'A model'
  const commands: readonly (readonly [command: string, what: string])[] = [
    ...(sample ? [['npx wsban data sample -o birds', 'images to try it on'] as const] : []),
    ['npx wsban check model.wsban', 'what it is made of, and what is wrong with it'],
    [`npx wsban train model.wsban --data ${place} -o runs/first`, 'Ctrl-C stops; --resume continues'],
    [`npx wsban evaluate runs/first --data ${place}`, 'how good it is, class by class'],
    ['npx wsban report runs/first', 'one page: curves, where it looked, its mistakes'],
    ['npx wsban export runs/first -o model.onnx --page page', 'one file, the crop inside, and a web page that runs it'],
    [`npx wsban verify model.onnx --against runs/first --data ${place}`, 'the file against the training engine'],
  ]
  const width = Math.max(...commands.map(([command]) => command.length))
  const lines = commands.map(([command, what]) => `${command.padEnd(width)}  # ${what}`)
  return `# ${heading}

\`model.wsban\` is the model: one line an arrow of its figure.

\`\`\`sh
${lines.join('\n')}
\`\`\`

The number of classes comes from the folders of the images. \`npx wsban graph model.wsban -o model.svg\` draws the model; \`npx wsban explain crop_sampler\` says what
an operation does; \`npx wsban fmt model.wsban\` formats the file.
`
}
