import type { Command } from 'commander'
import { act } from '../action.js'
import type { CommonOptions } from '../io.js'
import { common, example } from '../options.js'

export function register(program: Command): void {
  const command = program
    .command('doctor')
    .description('report what this machine has, what is missing and the command that fixes it')
  example(common(command), 'wsban doctor').action((options: CommonOptions) =>
    act(options, async (io) => {
      const { renderDoctor, runDoctor } = await import('../doctor.js')
      const diagnosis = await runDoctor()
      io.printText(renderDoctor(diagnosis.findings))
      io.json(diagnosis)
      return diagnosis.ok ? 0 : 1
    }),
  )
}
