import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { crc32c } from '../../runtime/tensorboard/crc32c.js'
import { EventFile } from '../../runtime/tensorboard/file.js'
import { until } from '../support/waiting.js'

const python = process.env.WSBAN_PYTHON ?? 'python3'
const folder = mkdtempSync(join(tmpdir(), 'wsban events '))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('the check sum is the one of RFC 3720', (t) => {
  t.is(crc32c(Buffer.from('123456789')), 0xe3069283)
  t.is(crc32c(new Uint8Array(32)), 0x8a9136aa)
})

/** Returns the events as TensorBoard reads them, with the checksum of every record verified. */
const reader = `
import glob, json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import PyRecordReader_New

for path in glob.glob(glob.escape(sys.argv[1]) + '/*'):
    records = PyRecordReader_New(path)
    try:
        while True:
            records.GetNext()
    except Exception as error:
        assert type(error).__name__ == 'OutOfRangeError', error
accumulator = EventAccumulator(sys.argv[1])
accumulator.Reload()
scalars = {tag: [[e.step, e.value] for e in accumulator.Scalars(tag)] for tag in accumulator.Tags()['scalars']}
print(json.dumps(scalars))
`

test('TensorBoard reads the scalars, and forgets what was done again after a resume', async (t) => {
  const first = new EventFile(folder, 0)
  for (const step of [1, 2, 3]) await first.add(step, { 'loss/total': step / 2, 'loss/größe "x"': -1e-3 })
  // The name of a file tells the second in which it began.
  const second = () => Math.floor(Date.now() / 1000)
  const began = second()
  await until('the next second begins', () => second() > began)
  const resumed = new EventFile(folder, 1)
  await resumed.add(2, { 'loss/total': 20 })
  await resumed.add(300, { 'loss/total': 3000.5 })
  t.is(readdirSync(folder).length, 2)
  if (spawnSync(python, ['-c', 'import tensorboard']).status !== 0) {
    t.log(`not read back: ${python} lacks tensorboard (WSBAN_PYTHON names another)`)
    return
  }
  const { status, stdout, stderr } = spawnSync(python, ['-c', reader, folder], { encoding: 'utf8' })
  t.is(status, 0, stderr)
  const scalars = z.record(z.string(), z.array(z.tuple([z.number(), z.number()]))).parse(JSON.parse(stdout))
  t.deepEqual(scalars['loss/total'], [
    [1, 0.5],
    [2, 20],
    [300, 3000.5],
  ])
  t.deepEqual(scalars['loss/größe "x"'], [[1, Math.fround(-1e-3)]])
})
