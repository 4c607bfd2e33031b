import { Command, CommanderError } from 'commander'
import { safeText } from '../compiler/diagnostics/safe_text.js'
import { hasCode } from '../runtime/files.js'
import { packageVersion } from '../runtime/package-root.js'
import { flushStandardOutput, guardStandardStreams } from '../runtime/standard_streams.js'
import { register as registerBackbones } from './commands/backbones.js'
import { register as registerCheck } from './commands/check.js'
import { register as registerCompile } from './commands/compile.js'
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
import { register as registerPredict } from './commands/predict.js'
import { register as registerReport } from './commands/report.js'
import { register as registerSetup } from './commands/setup.js'
import { register as registerTrain } from './commands/train.js'
import { register as registerVerify } from './commands/verify.js'
import { register as registerWeights } from './commands/weights.js'

const program = new Command('wsban')
  .description(
    'A small language for weakly supervised attention models: from one file of text and a folder of images to one ONNX file.',
  )
  .showHelpAfterError('(wsban COMMAND -h shows what a command takes)')
  .option('--version', 'print the version and the installed engines')
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(safeText(text)) })

for (const register of [
  registerInit,
  registerCheck,
  registerFmt,
  registerExpand,
  registerGraph,
  registerDiff,
  registerCompile,
  registerTrain,
  registerEvaluate,
  registerPredict,
  registerExport,
  registerVerify,
  registerReport,
  registerWeights,
  registerData,
  registerSetup,
  registerDoctor,
  registerBackbones,
  registerExplain,
  registerLsp,
])
  register(program)

/** A wrong word or flag ends with 2, as the contract says; help and version with 0. */
async function main(): Promise<void> {
  if (process.argv.includes('--version')) {
    const { findEngines } = await import('../runtime/engines/find.js')
    const engines = (await findEngines()).filter(({ available }) => available)
    process.stdout.write(
      `wsban ${packageVersion()} · engines: ${engines.map(({ name, version }) => (version ? `${name} ${version}` : name)).join(', ')}\n`,
    )
    return
  }
  try {
    for (const command of everyCommand(program)) command.exitOverride()
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    process.exitCode = error.exitCode === 0 ? 0 : 2
  }
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((inner) => [inner, ...everyCommand(inner)])
}

guardStandardStreams()
await main()
const unwritten = await flushStandardOutput()
if (unwritten) {
  process.exitCode ||= 1
  // A reader that ended (`wsban predict ... | head`) wants no more, and no message about it.
  if (!hasCode(unwritten, 'EPIPE'))
    process.stderr.write(`error[cannot-write]: cannot write to standard output: ${unwritten.message}\n`)
}
// Engines keep threads alive, so the process has to be ended.
process.exit()
