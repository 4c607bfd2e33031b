import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { readers } from './readers.js'
import { runInputs } from './run_inputs.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-fuzz-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

for (const reader of readers(folder))
  test.serial(`damaged bytes of ${reader.name} are a failure or read, never a crash`, async (t) => {
    const count = Math.ceil(300 * (reader.share ?? 1))
    const faults = await runInputs(reader, { from: 0, to: count, folder, timed: false })
    t.deepEqual(
      faults.map(({ input, what }) => `${input}: ${what}`),
      [],
    )
  })
