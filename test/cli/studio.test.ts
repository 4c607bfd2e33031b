import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { RunFolder } from '../../runtime/runs/folder.js'
import { type RunState, studioState } from '../../runtime/studio/state.js'
import { startWsban, wsbanIn } from '../support/commands.js'
import { drawShapes } from '../support/shapes.js'
import { until } from '../support/waiting.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-studio-cli-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
test.before(() => drawShapes(join(folder, 'shapes')))

/** The states of the first run, as the page would receive them. */
async function* statesAt(address: string): AsyncGenerator<RunState> {
  const response = await fetch(`${address}events?run=0`)
  const reader = response.body?.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const part = await reader?.read()
    if (!part || part.done) return
    text += decoder.decode(part.value, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      if (!event.startsWith('data: ')) continue
      const [run] = studioState.parse(JSON.parse(event.slice('data: '.length))).runs
      if (run) yield run
    }
  }
}

async function reaches(address: string, fits: (run: RunState) => boolean): Promise<RunState> {
  for await (const run of statesAt(address)) if (fits(run)) return run
  throw new Error('the studio ended')
}

test('train --watch trains in a studio: the page stops it and lets it continue, and Ctrl-C leaves a checkpoint', async (t) => {
  const size = ['--set', 'size=32', '--batch', '4', '--epochs', '300']
  const started = startWsban(folder, ['train', 'wsban_tiny', '--data', 'shapes', '--watch', ...size])
  const address = await until(
    'the address',
    () => /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//.exec(started.printed())?.[0],
    () => started.child.exitCode === null,
  )
  const begun = await reaches(address, ({ condition, epoch }) => condition === 'training' && epoch >= 1)
  t.is(begun.name, join('runs', 'wsban_tiny-1'))
  await fetch(`${address}runs/0/stop`, { method: 'POST' })
  const stopped = await reaches(address, ({ condition }) => condition === 'stopped')
  t.is(stopped.problem, undefined)
  await fetch(`${address}runs/0/resume`, { method: 'POST' })
  await reaches(address, ({ condition, epoch }) => condition === 'training' && epoch > stopped.epoch + 1)
  started.child.kill('SIGINT')
  const { status } = await started.ended
  t.is(status, 130)
  const path = join(folder, 'runs', 'wsban_tiny-1')
  t.is(await RunFolder.trainedBy(path), undefined)
  const { state } = await (await RunFolder.open(path)).readCheckpoint('last')
  t.true(state.step > 0)
})

test('the page reports why training failed', async (t) => {
  const started = startWsban(folder, ['train', 'wsban_tiny', '--data', 'nowhere', '--watch', '-o', 'failed'])
  const address = await until(
    'the address',
    () => /http:\S+/.exec(started.printed())?.[0],
    () => started.child.exitCode === null,
  )
  const { problem } = await reaches(address, ({ condition }) => condition === 'stopped')
  t.regex(problem ?? '', /nowhere/)
  started.child.kill('SIGINT')
  await started.ended
})

test('a word that is not a run is an error', (t) => {
  const { status, out } = wsbanIn(folder)('studio', 'shapes', '--json')
  t.is(status, 1)
  t.is(z.object({ error: z.object({ code: z.string() }) }).parse(JSON.parse(out)).error.code, 'run-unreadable')
})
