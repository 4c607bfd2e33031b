import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from '../engines/provision/run.js'
import { Failure } from '../failure.js'
import { packageRoot } from '../package_root.js'
import type { Outputs } from './answer.js'
import { runtimePackages, type WantedRuntime } from './runtime_names.js'

/** One input: a batch of images of one size. */
export interface RuntimeInput {
  readonly shape: readonly [batch: number, height: number, width: number]
  /** Colours of pixels of rows of images. */
  readonly data: Uint8Array
}

export interface RuntimeAnswer {
  readonly version: string
  /** For each input. */
  readonly outputs: readonly Outputs[]
}

/** The exit code of the program where a module is missing (runtime/inference/python/runtimes.py). */
const moduleMissing = 3

/**
 * Runs an exported file in another runtime: in the Python that is given, or the first one on the PATH.
 *
 * @throws Failure `python-missing`, `runtime-missing`, `runtime-version`, `runtime-failed`
 */
export async function runInRuntime(
  { name, version: wanted }: WantedRuntime,
  model: string,
  inputs: readonly RuntimeInput[],
  python: string | undefined,
): Promise<RuntimeAnswer> {
  const folder = await mkdtemp(join(tmpdir(), 'wsban-runtime-'))
  try {
    await writeInputs(folder, inputs)
    const script = join(packageRoot(), 'runtime', 'inference', 'python', 'runtimes.py')
    const args = [script, name, resolve(model), folder, folder]
    const pinned = wanted === undefined ? '' : `==${wanted}`
    const install = (program: string) =>
      `install it: ${program} -m pip install ${runtimePackages[name].map((one) => (one === name ? one + pinned : one)).join(' ')} numpy; WSBAN_PYTHON names another Python`
    for (const program of python === undefined ? ['python3', 'python'] : [python]) {
      const { status, missing, output, errors, summary } = await run(program, args, {
        environment: { ...process.env, RUST_BACKTRACE: '0' },
      })
      if (missing) continue
      const lines = errors.trim().split('\n')
      if (status === moduleMissing)
        throw new Failure({
          code: 'runtime-missing',
          message: `${program} has no module ${lines.at(-1) ?? ''}, which ${name} needs`,
          help: install(program),
        })
      const version = shortVersion(output.trim().split('\n')[0] ?? '')
      if (wanted !== undefined && version !== '' && version !== wanted)
        throw new Failure({
          code: 'runtime-version',
          message: `${program} has ${name} ${version}, not ${wanted}`,
          help: install(program),
        })
      if (status !== 0)
        throw new Failure({
          code: 'runtime-failed',
          message: `${name}${version === '' ? '' : ` ${version}`} does not run ${model}: ${summary}`,
          details: lines.slice(-8),
          help: 'export with --portable, or with fixed sizes: --batch 1 --image-size HEIGHTxWIDTH',
          path: model,
        })
      return { version, outputs: await readOutputs(folder, inputs.length) }
    }
    throw new Failure({
      code: 'python-missing',
      message: `${name} runs in Python, and there is no ${python ?? 'python3 on the PATH'}`,
      help: 'install Python 3, or set WSBAN_PYTHON to one',
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Some name the build after a dash, or begin with a letter. */
function shortVersion(text: string): string {
  return text.replace(/^v(?=\d)/, '').split('-')[0] ?? text
}

async function writeInputs(folder: string, inputs: readonly RuntimeInput[]): Promise<void> {
  for (const [index, { data }] of inputs.entries()) await writeFile(join(folder, `${index}.u8`), data)
  const lines = inputs.map(({ shape }, index) => [index, ...shape].join('\t'))
  await writeFile(join(folder, 'images.txt'), lines.join('\n'))
}

async function readOutputs(folder: string, count: number): Promise<Outputs[]> {
  const outputs: Record<string, Outputs[string]>[] = Array.from({ length: count }, () => ({}))
  const lines = (await readFile(join(folder, 'outputs.txt'), 'utf8')).split('\n')
  for (const [index, line] of lines.entries()) {
    const [input = '', name = '', ...sizes] = line.split('\t')
    const bytes = await readFile(join(folder, `${index}.f32`))
    const values = new Float32Array(new Uint8Array(bytes).buffer)
    const place = outputs[Number(input)]
    if (place) place[name] = { values, shape: sizes.map(Number) }
  }
  return outputs
}
