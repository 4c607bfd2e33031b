import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { availableParallelism, cpus, freemem, totalmem } from 'node:os'
import { dirname } from 'node:path'
import { safeLine } from '../compiler/diagnostics/safe_text.js'
import { cacheRoot } from '../runtime/cache_root.js'
import { checkEngine, type EngineFinding, findEngines } from '../runtime/engines/index.js'
import { findCompiler } from '../runtime/engines/provision/compile.js'
import { findPip } from '../runtime/engines/provision/pip.js'
import { run } from '../runtime/engines/provision/run.js'
import { installCommand } from '../runtime/engines/provision/system_packages.js'
import { wheelFor } from '../runtime/engines/versions.js'
import { reasonOf } from '../runtime/failure.js'
import { hasOnnxRuntime, loadOnnxRuntime } from '../runtime/onnxruntime/load.js'
import { packageRoot } from '../runtime/package_root.js'
import { packageVersion } from '../runtime/package_version.js'
import { inspectPytorch } from '../runtime/pytorch/environment.js'

/** good: installed and working. spare: could be better, but is optional. missing: something in wsban fails without it. */
export type Health = 'good' | 'spare' | 'missing'

export interface Finding {
  readonly name: string
  readonly health: Health
  readonly detail: string
  /** The command that fixes it. */
  readonly mend?: string
}

export interface Diagnosis {
  /** Whether everything that wsban requires is installed. */
  readonly ok: boolean
  readonly findings: readonly Finding[]
  /** The command that installs what is missing, or what would make wsban faster. */
  readonly mend?: string
}

/** Examines this machine without changing it. Each component is actually run, the native engine in a separate process. */
export async function runDoctor(): Promise<Diagnosis> {
  const [npm, pip, compiler, engines, pytorch, onnxruntime, sharp, disk] = await Promise.all([
    findNpm(),
    findPip(),
    findCompiler(),
    inspectEngines(),
    inspectTorch(),
    inspectOnnxRuntime(),
    inspectSharp(),
    findDisk(),
  ])
  const fast = engines.some(({ name, health }) => name.startsWith('tfjs-node') && health === 'good')
  const tools = { pip: pip !== undefined, compiler: compiler !== undefined, npm: npm !== undefined }
  const tool = (name: string, version: string | undefined): Finding => ({
    name,
    health: version === undefined ? 'spare' : 'good',
    detail: version ?? 'not on the PATH; wsban setup needs it',
  })
  const findings: Finding[] = [
    { name: 'wsban', health: 'good', detail: `${packageVersion()} in ${packageRoot()}` },
    findNode(),
    { name: 'machine', health: 'good', detail: describeMachine() },
    disk,
    tool('npm', npm),
    tool('pip', pip && `${pip.version} (${[pip.program, ...pip.prefix].join(' ')})`),
    tool('C++ compiler', compiler?.version),
    ...(fast ? engines : engines.map((engine) => ({ ...engine, ...mendingEngine(engine, tools) }))),
    pytorch,
    onnxruntime,
    sharp,
  ]
  const ok = findings.every(({ health }) => health !== 'missing')
  const mend = commandThatMends(findings)
  return { ok, findings, ...(mend === undefined ? {} : { mend }) }
}

/** Required steps come before those that only make it faster. */
function commandThatMends(findings: readonly Finding[]): string | undefined {
  const of = (health: Health) => findings.find((finding) => finding.health === health && finding.mend !== undefined)
  return (of('missing') ?? of('spare'))?.mend
}

/** Returns one line per component, and finally the command that fixes all. */
export function renderDoctor(findings: readonly Finding[]): string {
  const ok = findings.every(({ health }) => health !== 'missing')
  const mend = commandThatMends(findings)
  const width = Math.max(...findings.map(({ name }) => name.length))
  const marks: Readonly<Record<Health, string>> = { good: 'ok', spare: '--', missing: '!!' }
  const lines = findings.map(({ name, health, detail }) => `${marks[health]}  ${name.padEnd(width)}  ${detail}`)
  const end =
    mend === undefined
      ? 'Everything required is installed.'
      : ok
        ? `Everything required is installed. For 5 to 15 times faster training, run: ${mend}`
        : `Something is missing. Install it with: ${mend}`
  return [...lines, '', end].map(safeLine).join('\n')
}

interface Tools {
  readonly pip: boolean
  readonly compiler: boolean
  readonly npm: boolean
}

/** The commands that install the native engine, system packages first if they are missing and the package manager is known. */
function mendingEngine({ name }: Finding, tools: Tools): { readonly mend?: string } {
  if (name !== 'tfjs-node' || wheelFor('tfjs-node') === undefined) return {}
  const missing = (['pip', 'compiler', 'npm'] as const).filter((name) => !tools[name])
  const packages = missing.length === 0 ? undefined : installCommand(missing)
  return { mend: packages === undefined ? 'wsban setup' : `${packages} && wsban setup` }
}

function findNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 9)) return { name: 'node', health: 'good', detail: process.version }
  return {
    name: 'node',
    health: 'missing',
    detail: `${process.version}, and wsban needs 20.9 or later`,
    mend: `npx --yes node@24 ${JSON.stringify(process.argv[1] ?? 'wsban')} doctor`,
  }
}

function describeMachine(): string {
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`
  const model = cpus()[0]?.model.trim()
  const threads = availableParallelism()
  return [
    `${process.platform} ${process.arch}`,
    `${threads} thread${threads === 1 ? '' : 's'}${model ? ` of ${model}` : ''}`,
    `${gigabytes(totalmem())} of memory, ${gigabytes(freemem())} free`,
  ].join(', ')
}

/** Free space at the cache folder: a native engine takes about a gigabyte during setup. */
async function findDisk(): Promise<Finding> {
  const cache = cacheRoot()
  let folder = cache
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  return {
    name: 'disk',
    health: free > 1.5e9 ? 'good' : 'spare',
    detail: `${(free / 1e9).toFixed(1)} GB free for the cache in ${cache}`,
  }
}

async function findNpm(): Promise<string | undefined> {
  const result = await run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['--version'], { timeoutSeconds: 60 })
  return result.status === 0 ? result.output.trim() : undefined
}

async function inspectEngines(): Promise<readonly Finding[]> {
  return Promise.all((await findEngines()).map(inspectEngine))
}

async function inspectEngine(engine: EngineFinding): Promise<Finding> {
  const { name, available, version, place, reason } = engine
  const remark = reason === undefined ? '' : `; ${reason}`
  if (!available) return { name, health: 'spare', detail: `not installed${remark}` }
  const tried = await checkEngine(name)
  if (!tried.works) return { name, health: 'spare', detail: `does not work: ${tried.reason}` }
  return { name, health: 'good', detail: `${version ?? ''}${remark}${place === undefined ? '' : `, in ${place}`}` }
}

/** PyTorch is optional: its line shows the command that installs it, which is not recommended as the next step. */
async function inspectTorch(): Promise<Finding> {
  const name = 'pytorch'
  const found = await inspectPytorch()
  if ('reason' in found) return { name, health: 'spare', detail: `${found.reason}; ${found.help}` }
  const { python, torch, torchvision, safetensors, devices, unusable } = found
  const broken = unusable.map((device) => `; not on ${device}`).join('')
  return {
    name,
    health: 'good',
    detail: `${torch}, torchvision ${torchvision}, safetensors ${safetensors}, on ${devices.join(' and ')}${broken}, in ${python}`,
  }
}

/** Without it images cannot be read. */
async function inspectSharp(): Promise<Finding> {
  try {
    return { name: 'sharp', health: 'good', detail: (await import('sharp')).default.versions.sharp ?? 'here' }
  } catch (error) {
    const detail = `does not load: ${reasonOf(error).split('\n')[0]}`
    return { name: 'sharp', health: 'missing', detail, mend: `npm install --prefix ${JSON.stringify(packageRoot())}` }
  }
}

/** Runs exported files; it is downloaded when first needed. */
async function inspectOnnxRuntime(): Promise<Finding> {
  const name = 'onnxruntime-node'
  if (!hasOnnxRuntime())
    return { name, health: 'spare', detail: 'not installed; fetched when the first ONNX file is run' }
  try {
    return { name, health: 'good', detail: (await loadOnnxRuntime()).env.versions.common }
  } catch (error) {
    return { name, health: 'missing', detail: reasonOf(error) }
  }
}
