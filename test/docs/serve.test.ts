import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { main, wsbanIn } from '../support/commands.js'
import { sharp } from '../support/sharp.js'
import { trainedOnShapes } from '../support/studio.js'
import { until } from '../support/waiting.js'

/** The lines of the shell examples in docs/serve.md, without comments. */
const lines = [...readFileSync(join(packageRoot(), 'docs', 'serve.md'), 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap(([, text = '']) => text.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '')

const work = mkdtempSync(join(tmpdir(), 'wsban-serve-docs-'))
const commands = join(work, 'commands')
const environment = { ...process.env, PATH: `${commands}${delimiter}${process.env.PATH}` }
test.after.always(() => rmSync(work, { recursive: true, force: true }))

/** The page's examples need a shell and curl. */
const lacking = ['sh', 'curl'].filter((name) => spawnSync(name, ['-c', ':']).error !== undefined)

test.before(async (t) => {
  if (lacking.length > 0) return
  mkdirSync(commands)
  writeFileSync(join(commands, 'wsban'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`)
  chmodSync(join(commands, 'wsban'), 0o755)
  t.is((await trainedOnShapes(work, 1)).status, 0)
  mkdirSync(join(work, 'runs'))
  renameSync(join(work, 'run'), join(work, 'runs', 'birds'))
  t.is(wsbanIn(work)('export', 'runs/birds', '-o', 'birds.onnx').status, 0)
  await sharp({ create: { width: 320, height: 240, channels: 3, background: 'olive' } })
    .jpeg()
    .toFile(join(work, 'photo.jpg'))
})

/** Runs a line in a process group of its own; the last --port counts, and this one is free. */
function served(line: string): { child: ChildProcess; printed: () => string } {
  const child = spawn('sh', ['-c', `exec ${line} --port 0`], {
    cwd: work,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
  return { child, printed: () => text }
}

test('the examples of the page about serving do what it says', async (t) => {
  if (lacking.length > 0) {
    t.log(`skipped: there is no ${lacking.join(', no ')}`)
    t.pass()
    return
  }
  const serving = lines.filter((line) => line.startsWith('wsban serve'))
  const asking = lines.filter((line) => line.startsWith('curl '))
  const exporting = lines.filter((line) => line.startsWith('wsban export'))
  const triton = lines.filter((line) => line.startsWith('tritonserver '))
  t.is(serving.length + asking.length + exporting.length + triton.length, lines.length, 'every line is one of these')
  t.true(serving.length >= 2 && asking.length >= 1 && exporting.length >= 1)
  for (const line of serving) {
    const { child, printed } = served(line)
    try {
      const address = await until(
        `the address of ${line}`,
        () => /http:\/\/([\w.]+:\d+)/.exec(printed())?.[1],
        () => child.exitCode === null,
      )
      for (const question of asking) {
        t.regex(question, /localhost:8000/)
        const { stdout } = await promisify(execFile)('sh', ['-c', question.replace('localhost:8000', address)], {
          cwd: work,
          env: environment,
        })
        const { predictions } = z
          .object({ ok: z.literal(true), predictions: z.array(z.looseObject({ classes: z.array(z.unknown()) })) })
          .parse(JSON.parse(stdout))
        t.is(predictions.length, 1, `${line}: ${question}`)
      }
    } finally {
      child.kill('SIGTERM')
    }
  }
  for (const line of exporting) {
    const { status, stderr } = spawnSync('sh', ['-c', line], { cwd: work, env: environment, encoding: 'utf8' })
    t.is(status, 0, stderr)
  }
  // Triton itself is not run: its line names the folder that was written, with the model under its own name.
  for (const line of triton) {
    const [, folder = ''] = /--model-repository=\$PWD\/(\S+)/.exec(line) ?? []
    t.true(existsSync(join(work, folder, 'wsban_tiny', '1', 'model.onnx')))
  }
})
