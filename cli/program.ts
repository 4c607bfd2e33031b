import { Command, CommanderError } from 'commander'
import { safeText } from '../compiler/diagnostics/safe_text.js'
import { reasonOf } from '../runtime/failure.js'
import { hasCode } from '../runtime/files.js'
import { packageVersion } from '../runtime/package_version.js'
import { flushStandardOutput, guardStandardStreams } from '../runtime/standard_streams.js'
import { register as registerBackbones } from './commands/backbones.js'
import { register as registerCalibrate } from './commands/calibrate.js'
import { register as registerCheck } from './commands/check.js'
import { register as registerCompare } from './commands/compare.js'
import { register as registerCompile } from './commands/compile.js'
import { register as registerCompletion } from './commands/completion.js'
import { register as registerData } from './commands/data.js'
import { register as registerDiff } from './commands/diff.js'
import { register as registerDoctor } from './commands/doctor.js'
import { register as registerEvaluate } from './commands/evaluate.js'
import { register as registerExpand } from './commands/expand.js'
import { register as registerExplain } from './commands/explain.js'
import { register as registerExport } from './commands/export.js'
import { register as registerFmt } from './commands/fmt.js'
import { register as registerGraph } from './commands/graph.js'
import { register as registerInit } from './commands/init.js'
import { register as registerLsp } from './commands/lsp.js'
import { register as registerMake } from './commands/make.js'
import { register as registerPredict } from './commands/predict.js'
import { register as registerPull } from './commands/pull.js'
import { register as registerPush } from './commands/push.js'
import { register as registerReport } from './commands/report.js'
import { register as registerServe } from './commands/serve.js'
import { register as registerSetup } from './commands/setup.js'
import { register as registerStudio } from './commands/studio.js'
import { register as registerTrain } from './commands/train.js'
import { register as registerVerify } from './commands/verify.js'
import { register as registerWeights } from './commands/weights.js'
import { Io } from './io.js'
import { usageProblem } from './usage.js'

const program = new Command('wsban')
  .description(
    'A small language for weakly supervised attention models: from one file of text and a folder of images to one ONNX file.',
  )
  .option('--version', 'print the version and the installed engines')
  .exitOverride()
  // Usage errors are printed by `main`, which knows whether they are to be JSON.
  .configureOutput({ writeErr: (text) => process.stderr.write(safeText(text)), outputError: () => {} })

const groups: readonly (readonly [heading: string, commands: readonly ((program: Command) => void)[]])[] = [
  ['Start here:', [registerMake, registerInit, registerDoctor]],
  ['Write a model:', [registerCheck, registerFmt, registerExpand, registerGraph, registerDiff, registerExplain]],
  [
    'Train and measure:',
    [
      registerTrain,
      registerStudio,
      registerEvaluate,
      registerCompare,
      registerPredict,
      registerReport,
      registerCalibrate,
    ],
  ],
  ['Ship:', [registerExport, registerVerify, registerServe, registerPush, registerPull, registerCompile]],
  ['Data, weights and tools:', [registerData, registerWeights, registerBackbones, registerSetup, registerLsp]],
]
for (const [heading, commands] of groups) {
  program.commandsGroup(heading)
  for (const register of commands) register(program)
}

program.helpCommand('help [command]', 'show what a command takes')

/** A wrong word or flag ends with 2, as the contract says; help and version with 0. */
async function main(words: readonly string[]): Promise<void> {
  const json = words.includes('--json')
  if (words.includes('--version')) return printVersion(json)
  try {
    await registerCompletion(program, words)
    for (const command of everyCommand(program)) command.exitOverride()
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
    // Without any word commander prints the help, which is the answer.
    if (process.exitCode === 0 || words.length === 0) return
    new Io({ json, verbose: words.includes('--verbose') }).problem(usageProblem(error, program, words))
  }
}

async function printVersion(json: boolean): Promise<void> {
  const { findEngines } = await import('../runtime/engines/find.js')
  const engines = (await findEngines()).filter(({ available }) => available)
  const io = new Io({ json })
  const version = packageVersion()
  io.print(
    `wsban ${version} · engines: ${engines.map(({ name, version: of }) => (of ? `${name} ${of}` : name)).join(', ')}`,
  )
  io.json({ ok: true, version, engines: engines.map(({ name, version: of }) => ({ name, version: of ?? null })) })
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((inner) => [inner, ...everyCommand(inner)])
}

guardStandardStreams()
await main(process.argv.slice(2))
const unwritten = await flushStandardOutput()
if (unwritten) {
  process.exitCode ||= 1
  // A reader that ended (`wsban predict ... | head`) wants no more, and no message about it.
  if (!hasCode(unwritten, 'EPIPE'))
    process.stderr.write(`error[cannot-write]: cannot write to standard output: ${reasonOf(unwritten)}\n`)
}
// Engines keep threads alive, so the process has to be ended.
process.exit()
