import { type Command, Option } from 'commander'
import { templateNames, templates } from '../../runtime/projects/templates.js'
import { act } from '../action.js'
import type { InitRequest } from '../actions/init_project.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('init [dir]')
    .description('create a project: a model that trains, its commands and a README')
    .addOption(
      new Option('--template <name>', 'which model to begin as; asked for at a terminal').choices(templateNames),
    )
    .option('--data <dir>', 'images that the model is to be for: classes, size and backbone are proposed for them')
  const width = Math.max(...templates.map(({ name }) => name.length))
  const lines = templates.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  command.addHelpText('after', `\nTemplates:\n${lines.join('\n')}`)
  example(common(command), 'wsban init birds --template wsban --data photos').action(
    (folder: string | undefined, options: InitRequest & CommonOptions) =>
      act(options, async (io) => {
        const { initProject } = await import('../actions/init_project.js')
        return initProject(folder, options, io)
      }),
  )
}
