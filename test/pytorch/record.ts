/**
 * npm run record:pytorch: records PyTorch's results for every operation's cases, for recorded.test.ts. It needs the torch of requirements.txt, in
 * WSBAN_PYTHON or in the Python that npm run test:pytorch sets up.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { python, runPython } from '../support/python.js'
import { all, runInPytorch } from './cases.js'
import { pinnedTorch, type RecordedFile, recordedFolder, toRecorded } from './recorded.js'

const torch = runPython(['-c', 'import torch; print(torch.__version__.split("+")[0])']).trim()
if (torch !== pinnedTorch()) throw new Error(`${python} has torch ${torch}; requirements.txt pins ${pinnedTorch()}`)

const results = runInPytorch(all)
const files = new Map<string, RecordedFile>()
for (const [index, one] of all.entries()) {
  const result = results[index]
  if (!result) throw new Error(`no result for ${one.operation.name}, ${one.name}`)
  const file = files.get(one.operation.name) ?? { torch, cases: {} }
  file.cases[one.name] = toRecorded(one, result)
  files.set(one.operation.name, file)
}
rmSync(recordedFolder, { recursive: true, force: true })
mkdirSync(recordedFolder)
for (const [name, file] of files)
  writeFileSync(join(recordedFolder, `${name}.json`), `${JSON.stringify(file, null, 1)}\n`)
console.log(`${all.length} cases of ${files.size} operations, torch ${torch}`)
