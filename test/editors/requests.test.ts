import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { checkRequest, codeRequest, figureRequest } from '../../editors/server/requests.js'
import { compile } from '../../runtime/compiler_api/compile.js'
import { exportOnnx } from '../../runtime/compiler_api/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { LanguageClient } from '../support/language_client.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-requests-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const tiny = readFileSync(join(packageRoot(), 'models', 'wsban_tiny.wsban'), 'utf8')

async function opened(t: ExecutionContext, text: string) {
  const client = await LanguageClient.start(folder)
  t.teardown(() => client.stop())
  const uri = await client.open(join(folder, 'spec.wsban'), text)
  const ask = (method: string, more: object = {}) =>
    client.connection.sendRequest(method, { textDocument: { uri }, ...more })
  return { client, uri, ask }
}

test('the figure has a place in the text for its boxes, and stays through errors', async (t) => {
  const { client, uri, ask } = await opened(t, tiny)
  const figure = async (theme: 'light' | 'dark') =>
    figureRequest.returns.parse(await ask(figureRequest.method, { theme }))
  const first = await figure('light')
  t.is(first?.model, 'wsban_tiny')
  t.true(first?.current)
  t.true((first?.boxes.length ?? 0) > 5)
  for (const { name, label, range, selection } of first?.boxes ?? []) {
    t.true(first?.svg.includes(`data-name="${name}"`), name)
    const at = client.offsetAt(uri, selection.start)
    if (!name.startsWith('predict')) t.is(tiny.slice(at, at + label.length), label)
    t.true(client.offsetAt(uri, range.start) <= at && at < client.offsetAt(uri, range.end))
  }
  t.not((await figure('dark'))?.svg, first?.svg)
  const at = tiny.indexOf('branch master')
  await client.edit(uri, at, at, '\n\nbroken = ( \n')
  const later = await figure('light')
  t.false(later?.current)
  t.is(later?.svg, first?.svg)
})

test('code of each target is that of the compiler, and there is none for a text with errors', async (t) => {
  const { client, uri, ask } = await opened(t, tiny)
  const code = async (target: string) => codeRequest.returns.parse(await ask(codeRequest.method, { target })).files
  for (const target of ['tfjs', 'pytorch'] as const) {
    const expected = await compile({ text: tiny, name: 'spec.wsban' }, { target })
    const model = (files: readonly { readonly path: string; readonly text: string }[]) =>
      files.find(({ path }) => /^model\.(?:ts|py)$/.test(path))?.text.replaceAll(/^.*spec\.wsban.*$/gm, '')
    const made = await code(target)
    t.truthy(model(made))
    t.is(model(made), model(expected.files))
    t.true(made.every(({ path }) => !path.endsWith('.json')))
  }
  const [onnx] = await code('onnx')
  const exported = await exportOnnx(tiny)
  t.regex(onnx?.text ?? '', new RegExp(`^// opset \\d+, ${exported.onnx?.nodes} operations\n`))
  t.regex((await code('expanded'))[0]?.text ?? '', /block attention/)
  await client.edit(uri, 0, 0, 'broken (')
  for (const target of codeRequest.takes.shape.target.options) t.deepEqual(await code(target), [])
})

test('a check counts the problems, and says how large a model without errors is', async (t) => {
  const { client, uri, ask } = await opened(t, tiny)
  const check = async () => checkRequest.returns.parse(await ask(checkRequest.method))
  const { errors, warnings, size } = await check()
  t.deepEqual([errors, warnings], [0, 0])
  t.regex(size ?? '', /parameters, .* multiply-adds for one image/)
  await client.edit(uri, tiny.indexOf('signed_sqrt'), tiny.indexOf('signed_sqrt') + 11, 'signed_sqr')
  t.deepEqual(await check(), { errors: 1, warnings: 0 })
})

test('requests with other parameters are refused, and unknown documents have no answer', async (t) => {
  const { client, ask } = await opened(t, tiny)
  await t.throwsAsync(() => ask(figureRequest.method, { theme: 'pink' }), { message: /wsban\/figure: .*theme/s })
  await t.throwsAsync(() => client.connection.sendRequest(codeRequest.method, { target: 'tfjs' }), {
    message: /wsban\/code: .*textDocument/s,
  })
  t.is(await client.connection.sendRequest(checkRequest.method, { textDocument: { uri: 'file:///other.wsban' } }), null)
})
