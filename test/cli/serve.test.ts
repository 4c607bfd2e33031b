import type { ChildProcess } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { startWsban, wsbanIn } from '../support/commands.js'
import { exportedModel } from '../support/exported_model.js'
import { sentRaw } from '../support/serve.js'
import { sharp } from '../support/sharp.js'
import { trainedOnShapes } from '../support/studio.js'
import { until } from '../support/waiting.js'

const { folder, model } = exportedModel()
const work = mkdtempSync(join(tmpdir(), 'wsban-serve-cli-'))
test.after.always(() => rmSync(work, { recursive: true, force: true }))

interface Started {
  readonly child: ChildProcess
  readonly address: string
  readonly ended: ReturnType<typeof startWsban>['ended']
}

async function started(where: string, ...args: readonly string[]): Promise<Started> {
  const { child, printed, ended } = startWsban(where, ['serve', ...args, '--port', '0'])
  const address = await until(
    'the address',
    () => /http:\/\/[\w.:]+\d/.exec(printed())?.[0],
    () => child.exitCode === null,
  )
  return { child, address, ended }
}

const photo = () =>
  sharp({ create: { width: 640, height: 480, channels: 3, background: 'olive' } })
    .jpeg()
    .toBuffer()

test('a stop under load loses no answer', async (t) => {
  const { child, address, ended } = await started(folder, 'model.onnx', '--threads', '1')
  const body = new Uint8Array(await photo())
  const post = () => fetch(`${address}/predict`, { method: 'POST', body, headers: { 'Content-Type': 'image/jpeg' } })
  const figure = async (name: string) => {
    const text = await (await fetch(`${address}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
  }
  let stopped = false
  const outcomes: { readonly before: boolean; readonly status: number | undefined }[] = []
  // Each client sends its next request as soon as it has a response, until the server refuses connections.
  const client = async () => {
    for (let status: number | undefined = 200; status === 200; ) {
      const before = !stopped
      status = await post().then(
        async (response) => {
          z.object({ ok: z.literal(true) })
            .or(z.object({ error: z.string() }))
            .parse(await response.json())
          return response.status
        },
        () => undefined,
      )
      outcomes.push({ before, status })
    }
  }
  const clients = Array.from({ length: 16 }, client)
  await until('it has work to do', async () => outcomes.length > 30 && (await figure('wsban_requests_in_flight')) > 4)
  // All requests that were sent before the signal are answered; later ones may find no server.
  stopped = true
  child.kill('SIGTERM')
  await Promise.all(clients)
  const { status, err } = await ended
  t.is(status, 0, err)
  t.deepEqual(
    outcomes.filter(({ status: of }) => of !== undefined && ![200, 503].includes(of)),
    [],
  )
  t.deepEqual(
    outcomes.filter(({ before, status: of }) => before && of === undefined),
    [],
  )
  t.true(outcomes.filter(({ status: of }) => of === 200).length > 30)
})

test('a second signal ends at once', async (t) => {
  const { child, address, ended } = await started(folder, 'model.onnx')
  const port = Number(new URL(address).port)
  // A request whose body never ends keeps the server from ending.
  const socket = connect(port, '127.0.0.1', () =>
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n`,
    ),
  )
  socket.on('error', () => undefined)
  await until('it is received', async () =>
    /^wsban_requests_in_flight 1$/m.test(await (await fetch(`${address}/metrics`)).text()),
  )
  child.kill('SIGINT')
  await until('it stops', async () => (await fetch(`${address}/v2/health/ready`)).status === 503)
  child.kill('SIGINT')
  t.is((await ended).status, 130)
})

test('the log shows what was sent, and none of it reaches the terminal as a command', async (t) => {
  const { child, address, ended } = await started(folder, 'model.onnx')
  const port = Number(new URL(address).port)
  for (const path of ['/%1b[2J%0aGET', '/##vso[task.setvariable]'])
    await sentRaw(port, [
      Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`, 'latin1'),
    ])
  child.kill('SIGTERM')
  const { status, err } = await ended
  t.is(status, 0)
  t.is(err.match(/GET \S+ 40\d \d+ ms/g)?.length, 2, err)
  t.notRegex(err, /(?!\n)\p{Cc}|##vso/u)
  t.regex(err, /GET \/%1b\[2J%0aGET 404/)
})

test('with --json the address is a document, and the log is lines of JSON', async (t) => {
  const { child, address, ended } = await started(folder, 'model.onnx', '--json')
  t.is((await fetch(`${address}/v2`)).status, 200)
  child.kill('SIGTERM')
  const { out, err } = await ended
  t.deepEqual(JSON.parse(out), { ok: true, address, model: 'model' })
  const line = z.object({ method: z.string(), path: z.string(), status: z.number(), milliseconds: z.number() })
  const requests = err.split('\n').filter((text) => text.startsWith('{'))
  t.like(line.parse(JSON.parse(requests[0] ?? '')), { method: 'GET', path: '/v2', status: 200 })
})

test('a run is served as it is exported, and leaves nothing behind', async (t) => {
  const run = trainedOnShapes(work, 1)
  t.is((await run).status, 0)
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('wsban-serve-')).length
  const { child, address, ended } = await started(work)
  const described = z.object({
    name: z.literal('run'),
    outputs: z.array(z.object({ name: z.string(), shape: z.array(z.number()) })),
  })
  const { outputs } = described.parse(await (await fetch(`${address}/v2/models/run`)).json())
  t.deepEqual(outputs[0], { name: 'probabilities', shape: [-1, 2] })
  const response = await fetch(`${address}/predict`, {
    method: 'POST',
    body: new Uint8Array(await photo()),
    headers: { 'Content-Type': 'image/jpeg' },
  })
  t.regex(await response.text(), /red \\"disc\\"/)
  t.is(readdirSync(tmpdir()).filter((name) => name.startsWith('wsban-serve-')).length, before)
  child.kill('SIGTERM')
  t.is((await ended).status, 0)
})

test('wrong words are errors', (t) => {
  const code = (...args: readonly string[]) => {
    const { status, out } = wsbanIn(folder)('serve', ...args, '--json')
    return [status, z.object({ error: z.object({ code: z.string() }) }).parse(JSON.parse(out)).error.code]
  }
  t.deepEqual(code('model.onnx', '--port', '99999'), [2, 'wrong-usage'])
  t.deepEqual(code('model.onnx', '--batch', '0'), [2, 'wrong-usage'])
  t.deepEqual(code('model.onnx', '--timeout', '-1'), [2, 'wrong-usage'])
  t.deepEqual(code('model.onnx', '--token', 'short'), [2, 'wrong-usage'])
  t.deepEqual(code('model.onnx', '--host', '203.0.113.9', '--port', '0'), [2, 'address-unusable'])
  t.deepEqual(code('nowhere.onnx'), [1, 'onnx-unreadable'])
})

test('the name in addresses has no characters that an address cannot have', async (t) => {
  const odd = join(work, 'odd')
  mkdirSync(odd)
  copyFileSync(model, join(odd, 'Meine Vögel: <b>.onnx'))
  symlinkSync(model, join(odd, '...onnx'))
  for (const [file, name] of [
    ['Meine Vögel: <b>.onnx', 'Meine-V-gel-b-'],
    ['...onnx', 'model'],
  ] as const) {
    const { child, address, ended } = await started(odd, file)
    t.is((await fetch(`${address}/v2/models/${name}`)).status, 200)
    child.kill('SIGTERM')
    await ended
  }
})
