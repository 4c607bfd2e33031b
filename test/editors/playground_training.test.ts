import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import * as z from 'zod'
import { buildPlayground } from '../../editors/playground/build.js'
import { fragmentOf } from '../../editors/playground/shared_text.js'
import { writeSampleBirds } from '../../runtime/data/birds/index.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { RunFolder } from '../../runtime/runs/folder.js'
import { readSpec } from '../../runtime/specs/spec_file.js'
import { trainingRecord } from '../../runtime/training/metrics_records.js'
import { browserPath, openBrowser, press, showing } from '../support/browser.js'
import { startWsban } from '../support/commands.js'
import { until } from '../support/waiting.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-playground-training-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const steps = 6
/** Small batches, so that a few steps take little time. */
const text = readSpec(join(packageRoot(), 'models', 'wsban_tiny.wsban')).replace('batch = 16', 'batch = 8')
const stepReports = z.array(z.looseObject({ step: z.number(), loss: z.number() }))

/** Returns the losses by step that the playground's worker reports, until it is stopped. */
async function lossesInBrowser(chromium: string): Promise<ReadonlyMap<number, number>> {
  await buildPlayground(join(folder, 'site'))
  const { browser, page } = await openBrowser(chromium)
  try {
    // The page shows three digits; the workers' messages have the exact values.
    await page.evaluateOnNewDocument(() => {
      const told: unknown[] = []
      const observed = new Proxy(Worker, {
        construct(target, [url]) {
          const worker = new target(url)
          worker.addEventListener('message', ({ data }) => data.told?.kind === 'step' && told.push(data.told))
          return worker
        },
      })
      Object.assign(globalThis, { Worker: observed, told })
    })
    await page.goto(`${pathToFileURL(join(folder, 'site', 'index.html')).href}${await fragmentOf(text)}`)
    await page.waitForSelector('#train:not([disabled])')
    await press(page, '#tab-train')
    await press(page, '#train')
    await page.waitForFunction((count) => Reflect.get(globalThis, 'told').length >= count, { polling: 100 }, steps)
    await press(page, '#stop')
    await showing(page, '#status', /^Stopped/)
    const told = stepReports.parse(await page.evaluate(() => Reflect.get(globalThis, 'told')))
    return new Map(told.map(({ step, loss }) => [step, loss]))
  } finally {
    await browser.close()
  }
}

/** Returns the losses by step of `wsban train --engine wasm`, until it is stopped. */
async function lossesOfCommand(): Promise<ReadonlyMap<number, number>> {
  const [birds, spec, out] = [join(folder, 'birds'), join(folder, 'wsban_tiny.wsban'), join(folder, 'run')]
  await writeSampleBirds(birds, { seed: 1, size: 'small' }, silent)
  writeFileSync(spec, text)
  const { child, ended } = startWsban(folder, ['train', spec, '--data', birds, '--engine', 'wasm', '-o', out])
  const losses = async () => {
    const records = await RunFolder.open(out).then(
      (run) => run.log.read(),
      () => [],
    )
    const stepRecords = records.map((record) => trainingRecord.parse(record)).filter((record) => record.kind === 'step')
    return new Map(stepRecords.map((record) => [record.step, record.losses.total ?? Number.NaN]))
  }
  await until(
    'the steps are logged',
    async () => Math.max(0, ...(await losses()).keys()) >= steps,
    () => child.exitCode === null,
  )
  child.kill('SIGINT')
  await ended
  return losses()
}

test('training in the browser has the losses of the command line on its WebAssembly engine', async (t) => {
  if (browserPath === undefined) {
    t.log('skipped: no Chromium on this machine (WSBAN_CHROMIUM names one)')
    t.pass()
    return
  }
  const command = await lossesOfCommand()
  const browser = await lossesInBrowser(browserPath)
  const both = [...command].filter(([step]) => browser.has(step))
  t.true(both.length >= 2)
  for (const [step, loss] of both) t.is(browser.get(step), loss, `step ${step}`)
})
