import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { json, startWsban, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-check-'))
const wsban = wsbanIn(folder)
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

/** The requirements of SARIF 2.1.0 on the parts that wsban writes. */
const region = z.strictObject({
  startLine: z.int().min(1),
  startColumn: z.int().min(1),
  charOffset: z.int().min(0),
  charLength: z.int().min(0),
})
const sarif = z.strictObject({
  version: z.literal('2.1.0'),
  $schema: z.url(),
  runs: z.array(
    z.strictObject({
      tool: z.strictObject({
        driver: z.strictObject({
          name: z.string(),
          version: z.string(),
          rules: z.array(
            z.strictObject({ id: z.string(), shortDescription: z.strictObject({ text: z.string().min(1) }) }),
          ),
        }),
      }),
      columnKind: z.literal('utf16CodeUnits'),
      results: z.array(
        z.strictObject({
          ruleId: z.string(),
          level: z.enum(['none', 'note', 'warning', 'error']),
          message: z.strictObject({ text: z.string().min(1) }),
          locations: z.array(
            z.strictObject({
              physicalLocation: z.strictObject({ artifactLocation: z.strictObject({ uri: z.string() }), region }),
            }),
          ),
        }),
      ),
    }),
  ),
})

test('SARIF has the shape of its standard, warnings as warnings, and paths as URIs', (t) => {
  const text = 'model m() {\n  input image: Image[3, 8, 8]\n  predict p = softmax(imge)\n}\n'
  writeFileSync(join(folder, 'a b.wsban'), text)
  const [run] = sarif.parse(json(wsban('check', 'a b.wsban', '--format', 'sarif'))).runs
  const found = run?.results.map(({ ruleId, level }) => [ruleId, level])
  t.deepEqual(found, [
    ['zero-loss', 'warning'],
    ['unknown-name', 'error'],
  ])
  const location = run?.results[1]?.locations[0]?.physicalLocation
  t.is(location?.artifactLocation.uri, 'a%20b.wsban')
  t.is(text.slice(location?.region.charOffset).slice(0, location?.region.charLength), 'imge')
  const ids = run?.tool.driver.rules.map(({ id }) => id) ?? []
  t.true(run?.results.every(({ ruleId }) => ids.includes(ruleId)))
})

test('--watch checks again when an imported file changes, and ends with 130 at Ctrl-C', async (t) => {
  writeFileSync(join(folder, 'part.wsban'), 'block part(x) { return relu(x) }\n')
  writeFileSync(join(folder, 'whole.wsban'), 'import part from "./part"\n\nblock whole(x) { return part(x) }\n')
  let said = ''
  const { ended } = startWsban(folder, ['check', 'whole.wsban', '--watch'], (text, child) => {
    const before = said
    said += text
    const now = (mark: string) => said.includes(mark) && !before.includes(mark)
    if (now('watching whole.wsban')) writeFileSync(join(folder, 'part.wsban'), 'block other(x) { return relu(x) }\n')
    if (now('not-exported')) child.kill('SIGINT')
  })
  const { status } = await ended
  t.is(status, 130)
  t.regex(said, /part\.wsban changed[\s\S]*not-exported/)
})

test('explain --all has a page of every operation and code, and takes no name beside it', (t) => {
  const { status, out } = wsban('explain', '--all')
  t.is(status, 0)
  for (const title of ['## bap', '## sgd', '## spatial-mismatch']) t.true(out.includes(`${title}\n`), title)
  t.is(wsban('explain', 'bap', '--all').status, 2)
  t.is(wsban('explain').status, 2)
})

test('a spec may be given as the name of a model; a file of that name wins', (t) => {
  const found = wsban('check', 'wsban_tiny')
  t.is(found.status, 0, found.err)
  t.regex(found.out, /^wsban_tiny: wsban_tiny is fine/)
  writeFileSync(join(folder, 'tasn_tiny'), 'model other() {}')
  t.is(wsban('check', 'tasn_tiny').status, 1)
  const near = wsban('check', 'wsban_tini')
  t.is(near.status, 2)
  t.regex(near.err, /did you mean wsban_tiny\?/)
})
