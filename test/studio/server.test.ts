import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { present } from '../../grammar/present.js'
import { programHost } from '../../runtime/api/compile.js'
import { silent } from '../../runtime/reporter.js'
import { StudioServer } from '../../runtime/studio/server.js'
import { epochAnswers, photoAnswer, refusal, type StudioState } from '../../runtime/studio/state.js'
import { Studio } from '../../runtime/studio/studio.js'
import { trainedOnShapes } from '../support/studio.js'
import { until } from '../support/waiting.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-studio-'))
let studio: Studio
let server: StudioServer

test.before(async (t) => {
  const { status, err } = await trainedOnShapes(folder, 2)
  t.is(status, 0, err)
  studio = await Studio.open({
    runs: [join(folder, 'run')],
    command: [process.execPath, '-e', ''],
    host: programHost(),
  })
  server = await StudioServer.open(studio, 0, silent)
})
test.after.always(async () => {
  await server.close()
  await studio.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Follows the run until its watched images have been evaluated after each epoch. */
async function looked(): Promise<StudioState> {
  let state: StudioState = { runs: [] }
  const end = studio.watch({
    run: 0,
    receive: (now) => {
      state = now
    },
  })
  await until('all epochs are looked at', () => state.runs[0]?.shown?.epochs.length === 3)
  end()
  return state
}

test('a run is shown with its curves, its images after each epoch, and what it confuses', async (t) => {
  const { runs } = await looked()
  const run = present(runs[0], 'the run')
  t.is(run.condition, 'finished')
  t.deepEqual([run.model, run.epochs, run.epoch], ['wsban_tiny', 2, 2])
  t.is(run.ends.length, 2)
  t.true(run.steps.length > 0)
  t.deepEqual(run.shown?.epochs, [0, 1, 2])
  t.is(run.shown?.images.length, 6)
  t.deepEqual([...new Set(run.shown?.images.map(({ label }) => label))].sort(), ['blue <square>', 'red "disc"'])
  // The number of mistakes of the last epoch matches its accuracy.
  const mistakes = run.confused?.pairs.reduce((sum, { count }) => sum + count, 0)
  t.is(run.confused?.epoch, 2)
  t.is(mistakes, Math.round(6 * (1 - (run.ends[1]?.top1.joint ?? Number.NaN))))

  const answers = await fetch(`${server.address}runs/0/epochs/2`)
  const shown = epochAnswers.parse(await answers.json())
  t.is(shown.length, 6)
  for (const { classes, box, map } of shown) {
    t.is(classes.length, 2)
    t.is(box?.length, 4)
    t.is(Math.max(...(map?.values ?? [])), 255)
    t.is(map?.values.length, (map?.height ?? 0) * (map?.width ?? 0))
  }
  const image = await fetch(`${server.address}runs/0/images/0`)
  t.is(image.headers.get('content-type'), 'image/jpeg')
})

test('the events of a page begin with the state', async (t) => {
  const response = await fetch(`${server.address}events?run=0`)
  t.is(response.headers.get('content-type'), 'text/event-stream')
  const reader = response.body?.getReader()
  const first = await reader?.read()
  t.regex(new TextDecoder().decode(first?.value), /^data: \{"runs":\[\{"id":0,/)
  await reader?.cancel()
})

test("a person's photo is answered, and what is no image is refused with a reason", async (t) => {
  const jpeg = readFileSync(join(folder, 'shapes', 'val', 'red "disc"', '0.jpg'))
  const response = await fetch(`${server.address}runs/0/photo`, { method: 'POST', body: jpeg })
  const { answer, checkpoint } = photoAnswer.parse(await response.json())
  t.is(answer.classes.length, 2)
  t.regex(checkpoint, /^epoch-000[12]$/)
  const refused = await fetch(`${server.address}runs/0/photo`, { method: 'POST', body: 'no image' })
  t.is(refused.status, 422)
  t.regex(refusal.parse(await refused.json()).error, /the photo/)
})

interface Sent {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The status of an answer; the path is sent as it is. */
function statusOf(path: string, { method = 'GET', headers = {} }: Sent = {}): Promise<number | undefined> {
  return new Promise((settle, fail) => {
    const { hostname, port } = new URL(server.address)
    request({ hostname, port, path, method, headers }, (response) => {
      settle(response.statusCode)
      response.destroy()
    })
      .on('error', fail)
      .end()
  })
}

test('without the token, or by another name of this machine, nothing is answered', async (t) => {
  const { pathname, host } = new URL(server.address)
  const token = pathname.slice(1, -1)
  for (const path of [
    '/',
    '/runs/0/images/0',
    `/${token.slice(1)}/`,
    `/${token}x/`,
    `/${'x'.repeat(token.length)}/events`,
  ])
    t.is(await statusOf(path), 403, path)
  t.is(await statusOf(pathname), 200)
  t.is(await statusOf(pathname, { headers: { Host: 'attacker.example' } }), 403)
  t.is(await statusOf(pathname, { headers: { Host: host.replace('127.0.0.1', 'localhost') } }), 200)
  t.is(await statusOf('/runs/0/stop', { method: 'POST' }), 403)
})

test('addresses lead to nothing but runs and their images', async (t) => {
  const { pathname } = new URL(server.address)
  const nowhere = [
    'runs/1/images/0',
    'runs/0/images/6',
    'runs/0/images/-1',
    'runs/0/images/x',
    'runs/0/epochs/9',
    'runs/x/epochs/0',
    '../../etc/passwd',
    'runs/0/images/..%2f..%2fetc%2fpasswd',
    '__proto__/0/images/0',
    'runs/0',
  ]
  for (const path of nowhere) t.true([403, 404].includes((await statusOf(`${pathname}${path}`)) ?? 0), path)
  t.is(await statusOf(`${pathname}runs/0/unknown`, { method: 'POST' }), 404)
  t.is(await statusOf(`${pathname}runs/7/stop`, { method: 'POST' }), 404)
  t.is(await statusOf(pathname, { method: 'PUT' }), 405)
  const large = { 'Content-Length': String(2 ** 30) }
  t.is(await statusOf(`${pathname}runs/0/photo`, { method: 'POST', headers: large }), 413)
})

test('the page may load and ask for nothing from elsewhere', async (t) => {
  const response = await fetch(server.address)
  const policy = response.headers.get('content-security-policy') ?? ''
  t.regex(policy, /default-src 'none'/)
  t.notRegex(policy, /https?:/)
  t.is(response.headers.get('referrer-policy'), 'no-referrer')
})

test('a port that is taken is an error with a way out', async (t) => {
  const { port } = new URL(server.address)
  const error = await t.throwsAsync(StudioServer.open(studio, Number(port), silent))
  const { problem } = z.object({ problem: z.object({ code: z.string() }) }).parse(error)
  t.is(problem.code, 'port-in-use')
})
