/**
 * Compares `wsban serve` with servers written by hand, with Fastify and with FastAPI, in turns: requests a second, the 95th percentile of the time
 * of an answer, and peak memory, for 1, 8 and 32 clients that each send the next image when the last one is answered. Needs a build, Linux,
 * and npm and pip for the first call, which installs fastify and a Python environment into the working folder:
 *
 *   npx tsx bench/serve/measure.ts MODEL.onnx FOLDER_OF_JPEGS [--seconds 10] [--turns 3] [--clients 1,8,32] [--work FOLDER]
 *
 * Prints a table of medians, with all turns in parentheses, and the ratio of the medians to those of `wsban serve`.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { findImages } from '../../runtime/data/walk.js'
import { packageRoot } from '../../runtime/package_root.js'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: 'string', default: '10' },
    turns: { type: 'string', default: '3' },
    clients: { type: 'string', default: '1,8,32' },
    work: { type: 'string', default: join(tmpdir(), 'wsban-bench-serve') },
  },
})
const [modelPath, imagesPath] = positionals
if (modelPath === undefined || imagesPath === undefined)
  throw new Error('npx tsx bench/serve/measure.ts MODEL.onnx FOLDER_OF_JPEGS')
const model = resolve(modelPath)
const [seconds, turns, work] = [Number(values.seconds), Number(values.turns), resolve(values.work)]
const python = join(work, 'venv', 'bin', 'python')
const pythonPackages = ['fastapi==0.165.0', 'uvicorn', 'onnxruntime', 'pillow', 'numpy']

/** Clients at a time. */
const loads = values.clients.split(',').map(Number)

function run(command: string, ...args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: work, stdio: 'inherit' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}`)
}

function prepare(): void {
  mkdirSync(work, { recursive: true })
  if (!existsSync(join(work, 'node_modules', 'fastify'))) {
    writeFileSync(join(work, 'package.json'), '{}')
    run('npm', 'install', '--no-audit', '--no-fund', 'fastify@5')
  }
  if (!existsSync(python)) {
    run('python3', '-m', 'venv', 'venv')
    run(python, '-m', 'pip', 'install', '--quiet', ...pythonPackages)
  }
}

const here = join(packageRoot(), 'bench', 'serve')
const servers: Readonly<Record<string, (port: number) => readonly string[]>> = {
  'wsban serve': (port) => [
    process.execPath,
    join(packageRoot(), 'dist', 'cli', 'main.js'),
    'serve',
    model,
    '--port',
    String(port),
    '--quiet',
  ],
  Fastify: (port) => [process.execPath, join(here, 'fastify_server.mjs'), model, String(port), work],
  FastAPI: (port) => [python, join(here, 'fastapi_server.py'), model, String(port)],
}

interface Measured {
  readonly rate: number
  /** The 95th percentile, in milliseconds. */
  readonly p95: number
  /** Peak memory of the server's process, in MiB. */
  readonly memory: number
}

function freePort(): Promise<number> {
  return new Promise((settle) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => settle(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}

/** Sends an image, and returns the milliseconds until its answer has come. */
function ask(agent: Agent, port: number, body: Buffer): Promise<number> {
  const started = performance.now()
  return new Promise((settle, fail) => {
    request(
      {
        port,
        host: '127.0.0.1',
        path: '/predict',
        method: 'POST',
        agent,
        headers: { 'Content-Type': 'image/jpeg', 'Content-Length': body.length },
      },
      (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) settle(performance.now() - started)
          else fail(new Error(`status ${response.statusCode}`))
        })
      },
    )
      .on('error', fail)
      .end(body)
  })
}

async function started(child: ChildProcess, port: number, image: Buffer): Promise<void> {
  const agent = new Agent()
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`)
    try {
      await ask(agent, port, image)
      return
    } catch {
      // It does not listen yet.
      await pause(100)
    }
  }
  throw new Error('the server does not answer')
}

async function measure(
  command: readonly string[],
  port: number,
  clients: number,
  images: readonly Buffer[],
): Promise<Measured> {
  const [program = '', ...args] = command
  const child = spawn(program, args, { cwd: packageRoot(), stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await started(child, port, image(images, 0))
    const agent = new Agent({ keepAlive: true, maxSockets: clients })
    const times: number[] = []
    let next = 0
    const load = async (milliseconds: number, receive: (time: number) => void) => {
      const end = performance.now() + milliseconds
      const client = async () => {
        while (performance.now() < end) receive(await ask(agent, port, image(images, next++)))
      }
      const begun = performance.now()
      await Promise.all(Array.from({ length: clients }, client))
      return (performance.now() - begun) / 1000
    }
    // Sessions allocate memory for sizes that they see for the first time.
    await load(1000, () => undefined)
    const took = await load(seconds * 1000, (time) => times.push(time))
    agent.destroy()
    times.sort((a, b) => a - b)
    const memory = Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024
    return { rate: times.length / took, p95: times[Math.ceil(0.95 * times.length) - 1] ?? Number.NaN, memory }
  } finally {
    const ended = new Promise((settle) => {
      child.once('exit', settle)
    })
    child.kill('SIGTERM')
    if (child.exitCode === null) await ended
  }
}

function image(images: readonly Buffer[], index: number): Buffer {
  const found = images[index % images.length]
  if (!found) throw new Error('there are no images')
  return found
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

prepare()
const { images: names } = await findImages(resolve(imagesPath))
const images = names
  .filter((name) => /\.jpe?g$/i.test(name))
  .slice(0, 64)
  .map((name) => readFileSync(join(imagesPath, name)))
const results = new Map<string, Measured[]>()
for (let turn = 0; turn < turns; turn++)
  for (const clients of loads)
    for (const [name, command] of Object.entries(servers)) {
      const port = await freePort()
      const measured = await measure(command(port), port, clients, images)
      results.set(`${name} ${clients}`, [...(results.get(`${name} ${clients}`) ?? []), measured])
      console.error(
        `turn ${turn + 1}, ${clients} clients, ${name}: ${measured.rate.toFixed(1)}/s, p95 ${measured.p95.toFixed(0)} ms, ${measured.memory.toFixed(0)} MiB`,
      )
    }

console.log(
  `${images.length} images, ${seconds} s a turn, ${turns} turns; medians (all turns), and the ratio to wsban serve\n`,
)
console.log('| clients | server | requests a second | p95, ms | peak memory, MiB |\n|---|---|---|---|---|')
for (const clients of loads)
  for (const name of Object.keys(servers)) {
    const cell = (of: (measured: Measured) => number, digits: number) => {
      const all = (results.get(`${name} ${clients}`) ?? []).map(of)
      const own = median((results.get(`wsban serve ${clients}`) ?? []).map(of))
      const turnsText = all.map((value) => value.toFixed(digits)).join(', ')
      return `${median(all).toFixed(digits)} (${turnsText}), ${(median(all) / own).toFixed(2)}`
    }
    console.log(
      `| ${clients} | ${name} | ${cell(({ rate }) => rate, 1)} | ${cell(({ p95 }) => p95, 0)} | ${cell(({ memory }) => memory, 0)} |`,
    )
  }
