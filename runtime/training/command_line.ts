import { parseArgs } from 'node:util'
import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import { labelColumns } from '../data/label_inputs.js'
import { openDataSet } from '../data/open.js'
import { engineNames } from '../engines/index.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import { packageRoot } from '../package_root.js'
import type { Reporter } from '../reporter.js'
import { storedSpec } from '../specs/stored_schema.js'
import { guardStandardStreams } from '../standard_streams.js'
import { startTraining } from './start_training.js'

const plainReporter: Reporter = {
  say: (line) => console.error(safeLine(line)),
  warn: (line) => console.error(safeLine(line)),
  progress: (line) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${safeLine(line)}` : ''),
}

/** The entry point of a generated project's train.ts. `spec` is its spec.json, so that wsban can export and evaluate the run. */
export async function trainFromCommandLine(model: Model, spec: unknown, args: readonly string[]): Promise<void> {
  guardStandardStreams()
  try {
    // Worker threads and engines are loaded from files of the package.
    packageRoot()
    const { values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        out: { type: 'string', short: 'o' },
        epochs: { type: 'string' },
        batch: { type: 'string' },
        seed: { type: 'string', default: '1' },
        engine: { type: 'string' },
        weights: { type: 'string' },
        resume: { type: 'boolean', default: false },
      },
    })
    const { data: folder, out, epochs, batch, seed, resume, weights } = values
    if (folder === undefined || out === undefined)
      throw new Failure({
        code: 'wrong-usage',
        message: 'name the images and a folder for the run',
        help: 'npm run train -- --data DIR -o RUN',
        exit: 2,
      })
    const engine = engineNames.find((name) => name === values.engine)
    const { signature } = model
    const data = await openDataSet(folder, {
      seed: Number(seed),
      ...(signature && { labels: labelColumns(signature, {}) }),
    })
    const request = {
      data: folder,
      out,
      seed: Number(seed),
      resume,
      reporter: plainReporter,
      ...(epochs !== undefined && { epochs: Number(epochs) }),
      ...(batch !== undefined && { batch: Number(batch) }),
      ...(engine && { engine }),
      ...(weights !== undefined && { weights }),
    }
    await startTraining(model, storedSpec.parse(spec), data, request)
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    const { code, message, details = [], help } = error.problem
    const lines = [`error[${code}]: ${message}`, ...details, ...(help ? [`  help: ${help}`] : [])]
    console.error(lines.map(safeLine).join('\n'))
    process.exitCode = error.problem.exit ?? 1
  }
}
