import { shellWord } from '../shell_word.js'

export interface ReadmeContent {
  readonly title: string
  /** The path of the images relative to the project. */
  readonly images: string
  /** Whether these are the sample birds. */
  readonly sample: boolean
}

/** Returns the README of a new project, with its commands in order. */
export function readmeOf({ title, images, sample }: ReadmeContent): string {
  const heading = title.replace(/[\\`*_{}[\]<>#|\r\n]/g, ' ').trim() || 'A model'
  const commands: readonly (readonly [command: string, what: string])[] = [
    ...(sample ? [['wsban data sample -o birds', 'images to try it on'] as const] : []),
    ['wsban check model.wsban', 'errors, warnings, and the size of the model'],
    [
      `wsban train model.wsban --data ${shellWord(images)}`,
      'into runs/model-1; Ctrl-C stops, wsban train --resume continues',
    ],
    ['wsban report', 'a page about the last run: curves, attention maps, mistakes'],
    ['wsban evaluate', 'accuracy by class, of the whole image, the crop and both'],
    ['wsban export --page page', 'model.onnx in the run, with the crop inside, and a web page that runs it'],
    ['wsban verify', 'the exported file against the training engine'],
  ]
  const width = Math.max(...commands.map(([command]) => command.length))
  const lines = commands.map(([command, what]) => `${command.padEnd(width)}  # ${what}`)
  return `# ${heading}

\`model.wsban\` is the model: each of its lines is an arrow of the figure that \`wsban graph model.wsban -o model.svg\` draws.

\`\`\`sh
${lines.join('\n')}
\`\`\`

The number of classes comes from the folders of the images. \`wsban explain crop_sampler\` describes an operation, \`wsban explain optimizer\` a setting, and
\`wsban fmt model.wsban\` formats the file.
`
}
