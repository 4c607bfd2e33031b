import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import {
  CodeActionRequest,
  CodeLensRequest,
  CompletionRequest,
  DefinitionRequest,
  DocumentFormattingRequest,
  DocumentSymbolRequest,
  HoverRequest,
  InlayHintRequest,
  PrepareRenameRequest,
  ReferencesRequest,
  RenameRequest,
  SignatureHelpRequest,
} from 'vscode-languageserver/node.js'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { operations } from '../../compiler/ops/index.js'
import { Workspace } from '../../editors/language/workspace.js'
import { EditorFiles, sourceOf } from '../../editors/server/files.js'
import { Places } from '../../editors/server/places.js'
import { Names } from '../../editors/server/references.js'
import { packageRoot } from '../../runtime/package_root.js'
import { LanguageClient } from '../support/language_client.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-server-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))
const models = join(packageRoot(), 'models')
const wsban = readFileSync(join(models, 'wsban.wsban'), 'utf8')

/** Returns the text without `|`, and the offset of it. */
function marked(text: string): { text: string; offset: number } {
  const offset = text.indexOf('|')
  return { text: text.slice(0, offset) + text.slice(offset + 1), offset }
}

async function opened(text: string, name = 'wsban_open.wsban') {
  const client = await LanguageClient.start(folder)
  const uri = await client.open(join(folder, name), text)
  return { client, uri }
}

async function labels(text: string): Promise<string[]> {
  const { text: whole, offset } = marked(text)
  const { client, uri } = await opened(whole)
  const found = await client.connection.sendRequest(CompletionRequest.type, client.at(uri, offset))
  return (Array.isArray(found) ? found : []).map(({ label, detail }) => (detail ? `${label}: ${detail}` : label))
}

async function hover(text: string): Promise<string> {
  const { text: whole, offset } = marked(text)
  const { client, uri } = await opened(whole)
  const found = await client.connection.sendRequest(HoverRequest.type, client.at(uri, offset))
  const contents = found?.contents
  return contents && typeof contents === 'object' && 'value' in contents ? contents.value : ''
}

const replaced = (before: string, after: string, text = wsban) => {
  if (!text.includes(before)) throw new Error(`the model has no ${before}`)
  return text.replace(before, after)
}
/** The model with an imported trunk. */
const imported = replaced('backbone(image, trunk', 'inception_v3(image')
  .replace('import attention', 'import inception_v3 from "backbones/inception_v3"\nimport attention')
  .replaceAll('trunk.stride16', 'trunk.Mixed_6e')
  .replace(', trunk = "inception_v3"', '')
  .replace('resize(size, interpolation = trunk)', 'resize(size)')
  .replace('mean = trunk, deviation = trunk', 'mean = 0.5, deviation = 0.5')

test('taps are offered with their shapes, though the text is broken there', async (t) => {
  const found = await labels(replaced('features  = trunk.stride16', 'features  = trunk.|'))
  t.true(found.includes('Mixed_6e: 768 x 26 x 26'))
  t.true(found.includes('Mixed_7c: 2048 x 12 x 12'))
})

test('arguments that are not given yet, words, settings, steps and imports are offered where they fit', async (t) => {
  const names = (list: string[]) => list.map((label) => label.split(/[ :]/)[0])
  t.deepEqual(names(await labels(replaced('pool = mean', 'pool = |'))), ['mean', 'sum', 'max'])
  const given = names(await labels(replaced('bap(features, attention, pool = mean)', 'bap(features, |)')))
  t.deepEqual(given.slice(0, 2), ['attention', 'pool'])
  t.true(given.includes('trunk'))
  t.false(given.slice(0, 2).includes('features'))
  t.deepEqual(names(await labels(replaced('sgd(rate = 1e-3, momentum = 0.9, weight_decay = 1e-5)', '|'))), [
    'sgd',
    'adam',
    'adamw',
  ])
  t.true(names(await labels(replaced('resize(resized), ', '|, '))).includes('random_resized_crop'))
  t.true(names(await labels(replaced('"blocks/attention"', '"|"'))).includes('backbones/resnet'))
  t.deepEqual(names(await labels(replaced('epochs = 80, batch = 16', '|'))).slice(0, 2), ['epochs', 'batch'])
  t.deepEqual(await labels(replaced('// tap point', '// tap |point')), [])
})

test('an operation is offered with what the registry says of it', async (t) => {
  const { text, offset } = marked(replaced('bap(features', '|bap(features'))
  const { client, uri } = await opened(text)
  const found = await client.connection.sendRequest(CompletionRequest.type, client.at(uri, offset))
  const items = Array.isArray(found) ? found : []
  for (const name of operations.keys())
    t.true(
      items.some(({ label }) => label === name),
      name,
    )
})

test('hovering tells shape, weights and work, and the page of an operation', async (t) => {
  // InceptionV3 without its auxiliary head, as torchvision counts it.
  t.regex(await hover(replaced('trunk     =', 'tr|unk     =')), /23\.8|23\.9 million parameters/)
  t.regex(await hover(replaced('trunk.stride16', 'trunk.str|ide16')), /768 x 26 x 26/)
  t.regex(await hover(replaced('bap(features', 'b|ap(features')), /Bilinear attention pooling/)
  t.regex(
    await hover(replaced('pool = mean)  ', 'po|ol = mean)  ')),
    /how the cells of a map are reduced to one number/,
  )
})

test('a call shows its arguments, and which one is being written', async (t) => {
  const { text, offset } = marked(replaced('bap(features, attention, pool = mean)', 'bap(features, |'))
  const { client, uri } = await opened(text)
  const found = await client.connection.sendRequest(SignatureHelpRequest.type, client.at(uri, offset))
  t.is(found?.signatures[0]?.label, 'bap(features, attention, pool = mean)')
  t.is(found?.activeParameter, 1)
})

test('a tap leads into the file of the backbone', async (t) => {
  const { text, offset } = marked(replaced('trunk.stride16', 'trunk.str|ide16'))
  const { client, uri } = await opened(text)
  const found = await client.connection.sendRequest(DefinitionRequest.type, client.at(uri, offset))
  const [place] = Array.isArray(found) ? found : [found]
  t.true(place && 'uri' in place && place.uri.endsWith('models/backbones/inception_v3.wsban'))
  const lines = readFileSync(join(models, 'backbones', 'inception_v3.wsban'), 'utf8').split('\n')
  t.regex(lines[place && 'range' in place ? place.range.start.line : -1] ?? '', /^ {2}stride16 /)
})

test('a block is renamed where it is defined, imported and called, in files that are not open, too', async (t) => {
  const block = 'block head(x, width = 4) {\n  conv = conv2d(x, width, 1)\n  return relu(conv)\n}\n'
  writeFileSync(join(folder, 'parts.wsban'), block)
  const model = (call: string) => `import head from "./parts"
model m(size = 8) {
  input image: Image[3, size, size]
  input label: Class[2]
  branch one(image) {
    top    = ${call}
    logits = top.conv -> global_avg_pool -> linear(2)
  }
  loss { one = cross_entropy(one.logits, label) }
  predict p = softmax(one.logits)
}
`
  writeFileSync(join(folder, 'other.wsban'), model('head(image)'))
  const { text, offset } = marked(model('he|ad(image, width = 3)'))
  const { client, uri } = await opened(text, 'one.wsban')
  t.deepEqual(await client.diagnostics(uri), [])
  const at = client.at(uri, offset)
  const places = await client.connection.sendRequest(ReferencesRequest.type, {
    ...at,
    context: { includeDeclaration: true },
  })
  t.is(places?.length, 5)
  const renamed = await client.connection.sendRequest(RenameRequest.type, { ...at, newName: 'top_part' })
  const counts = Object.entries(renamed?.changes ?? {}).map(([file, edits]) => [file.split('/').at(-1), edits.length])
  t.deepEqual(counts.sort(), [
    ['one.wsban', 2],
    ['other.wsban', 2],
    ['parts.wsban', 1],
  ])
  await t.throwsAsync(client.connection.sendRequest(RenameRequest.type, { ...at, newName: '1 x' }))
  await t.throwsAsync(client.connection.sendRequest(RenameRequest.type, { ...at, newName: 'block' }))
  const binding = client.at(uri, text.indexOf('top '))
  const quoted = await client.connection.sendRequest(RenameRequest.type, { ...binding, newName: 'block' })
  t.deepEqual(
    Object.values(quoted?.changes ?? {}).flatMap((edits) => edits.map(({ newText }) => newText)),
    ['"block"', '"block"'],
  )
  const width = client.at(uri, text.indexOf('width'))
  const parameter = await client.connection.sendRequest(RenameRequest.type, { ...width, newName: 'filters' })
  t.deepEqual(
    Object.values(parameter?.changes ?? {})
      .map((edits) => edits.length)
      .sort(),
    [1, 2],
  )
  const operation = client.at(uri, text.indexOf('softmax'))
  await t.throwsAsync(client.connection.sendRequest(PrepareRenameRequest.type, operation), {
    message: 'softmax belongs to the language.',
  })
})

test('sizes stay above a model while its text has errors', async (t) => {
  const { client, uri } = await opened(wsban, 'lenses.wsban')
  const textDocument = { uri }
  const titles = async () =>
    ((await client.connection.sendRequest(CodeLensRequest.type, { textDocument })) ?? []).map(
      ({ command }) => command?.title,
    )
  const expected = await titles()
  t.true(expected.length > 2)
  const at = wsban.indexOf('dropout = 20%')
  for (const broken of ['drop = ', 'dropout = = ', 'dropout = )', '(']) {
    await client.edit(uri, at, at, broken)
    t.deepEqual(await titles(), expected, broken)
    await client.edit(uri, at, at + broken.length, '')
  }
})

test('edits name the version of an open text, so that an editor refuses them for a newer one', async (t) => {
  const client = await LanguageClient.start(folder, { workspace: { workspaceEdit: { documentChanges: true } } })
  const text = wsban.replaceAll('"inception_v3"', '"inception_v4"')
  const uri = await client.open(join(folder, 'versions.wsban'), text)
  await client.edit(uri, 0, 0, '// a comment\n')
  const moved = `// a comment\n${text}`
  const at = client.at(uri, moved.indexOf('branch master') + 'branch '.length)
  const renamed = await client.connection.sendRequest(RenameRequest.type, { ...at, newName: 'first' })
  t.is(renamed?.changes, undefined)
  const [change] = renamed?.documentChanges ?? []
  if (!change || !('textDocument' in change)) throw new Error('no edits of a text')
  t.deepEqual(change.textDocument, { uri, version: 2 })
  t.true(change.edits.length > 1)
})

test('a rename is refused if the text changes while other files are searched', async (t) => {
  const uri = pathToFileURL(join(folder, 'stale.wsban')).href
  let document = TextDocument.create(uri, 'wsban', 1, wsban)
  const files = new EditorFiles()
  files.opened(uri, () => document)
  const workspace = new Workspace(files.library())
  const names = new Names(workspace, files, new Places(files), () => [folder])
  const analysis = workspace.analysis(sourceOf(uri), wsban)
  const renamed = names.rename(analysis, wsban.indexOf('branch master') + 'branch '.length, 'first')
  document = TextDocument.create(uri, 'wsban', 2, `// a comment\n${wsban}`)
  await t.throwsAsync(renamed, { message: /text changed/ })
})

test('a text is formatted as wsban fmt does it', async (t) => {
  const { client, uri } = await opened(wsban.replace('  branch master', ' branch   master').replace('trunk  ', 'trunk'))
  const edits = await client.connection.sendRequest(DocumentFormattingRequest.type, {
    textDocument: { uri },
    options: { tabSize: 8, insertSpaces: false },
  })
  t.is(edits?.[0]?.newText, wsban)
})

test('a model shows its outline, shapes at the end of lines, and its size', async (t) => {
  const { client, uri } = await opened(wsban)
  const textDocument = { uri }
  const outline = await client.connection.sendRequest(DocumentSymbolRequest.type, { textDocument })
  t.is(outline?.[0]?.name, 'wsban')
  const range = { start: { line: 0, character: 0 }, end: { line: 100, character: 0 } }
  const hints = await client.connection.sendRequest(InlayHintRequest.type, { textDocument, range })
  t.true(hints?.some(({ label }) => label === '128 x 768'))
  const lines = wsban.split('\n')
  for (const { position } of hints ?? []) t.is(lines[position.line]?.length, position.character)
  const lenses = (await client.connection.sendRequest(CodeLensRequest.type, { textDocument })) ?? []
  const titles = new Map(lenses.map(({ range, command }) => [range.start.line, command?.title ?? '']))
  const titleOf = (line: string) => titles.get(wsban.split('\n').findIndex((text) => text.startsWith(line))) ?? ''
  t.regex(titleOf('model wsban'), /million parameters, .* multiply-adds/)
  // Both branches look with the same weights: the second one adds work and no parameters.
  t.is(titleOf('  branch part'), titleOf('  branch master'))
  t.regex(titleOf('  branch master'), /^\d.* million parameters, .* multiply-adds/)
})

test('diagnostics of a text arrive before the answer to a request about it', async (t) => {
  const { client, uri } = await opened(wsban, 'before.wsban')
  const at = wsban.indexOf('dropout = 20%')
  for (const [type, count] of [
    [CodeLensRequest.type, 2],
    [DocumentSymbolRequest.type, 0],
  ] as const) {
    if (count > 0) await client.edit(uri, at, at, 'drop = ')
    else await client.edit(uri, at, at + 'drop = '.length, '')
    await client.connection.sendRequest(type.method, { textDocument: { uri } })
    t.is(client.arrived(uri)?.length, count)
  }
})

test('a block shows what all its calls have together', async (t) => {
  const text = `block twice(x) {
  a = conv2d(x, 4, 3)
  return a -> conv2d(4, 1)
}

model m(classes = 2, size = 8) {
  input image: Image[3, size, size]
  input label: Class[classes]
  branch master(image) {
    one    = twice(image)
    two    = twice(one)
    logits = two -> global_avg_pool -> linear(classes)
  }
  loss { master = cross_entropy(master.logits, label) }
  predict p = softmax(master.logits)
}
`
  const { client, uri } = await opened(text)
  const lenses = (await client.connection.sendRequest(CodeLensRequest.type, { textDocument: { uri } })) ?? []
  const [, block] = lenses.map(({ command }) => command?.title)
  // 3 * 4 * 9 + 4 and 4 * 4 + 4 weights, then 4 * 4 * 9 + 4 and 4 * 4 + 4; over 6 x 6 places, then 4 x 4.
  t.is(block, '2 calls: 300 parameters, 7.02 thousand multiply-adds for one image')
})

test('hovering a mistake tells what it means, beside what the thing is', async (t) => {
  const found = await hover(replaced('pool = mean', 'pool = me|am'))
  t.regex(found, /## unknown-word\n\nAn error\. .*one word of a fixed list/s)
  t.regex(found, /Better:/)
  t.notRegex(await hover(replaced('pool = mean', 'pool = me|an')), /Better:/)
  const both = await hover(replaced('bap(features, attention', 'b|ap(features, trunk.Mixed_7c'))
  t.regex(both, /## spatial-mismatch.*---.*Bilinear attention pooling/s)
})

/** The text after the first fix that is offered where `|` stands, and the codes that are left. */
async function fixed(text: string): Promise<{ text: string; codes: unknown[] }> {
  const { text: whole, offset } = marked(text)
  const { client, uri } = await opened(whole)
  const { position } = client.at(uri, offset)
  const actions = await client.connection.sendRequest(CodeActionRequest.type, {
    textDocument: { uri },
    range: { start: position, end: position },
    context: { diagnostics: [] },
  })
  const [action] = actions ?? []
  const edits = action && 'edit' in action ? (action.edit?.changes?.[uri] ?? []) : []
  for (const { range, newText } of [...edits].sort(
    (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
  ))
    await client.edit(uri, client.offsetAt(uri, range.start), client.offsetAt(uri, range.end), newText)
  return { text: client.text(uri), codes: (await client.diagnostics(uri)).map(({ code }) => code) }
}

test('what the diagnostics suggest is done at a key', async (t) => {
  for (const [broken, whole] of [
    [replaced('trunk.Mixed_6e', 'trunk.Mixed|_6ee', imported), imported],
    [replaced('bap(features', 'ba|q(features'), wsban],
    [replaced('pool = mean', 'pool = me|am'), wsban],
    [replaced('"blocks/attention"', '"blocks/att|ention_"'), wsban],
    [replaced('pool = mean', 'pool|: mean'), wsban],
    [replaced('"blocks/attention"', "'blocks/att|ention'"), wsban],
    [replaced('every = 2 epochs', 'every = 2 ep|och'), wsban],
    [replaced('bap(features', 'bap("feat|ures"'), wsban],
    [replaced('  crop = ', '  #| seen twice\n  crop = '), wsban.replace('  crop = ', '  // seen twice\n  crop = ')],
    [replaced('-> scale(100) -> linear(classes)       //', '-> sc|ale -> linear(classes)       //'), undefined],
    [`import res|idual from "backbones/tiny"\n${wsban}`, wsban],
    [replaced('import inception_v3', 'import b|asic_conv, inception_v3', imported), imported],
    [replaced('import inception_v3', 'import inception_v3, b|asic_conv', imported), imported],
    [
      replaced('import attention from "blocks/attention"\n', '').replace(
        'attention(features, maps',
        'att|ention(features, maps',
      ),
      undefined,
    ],
    [
      replaced('attention(features, maps', 'attention(trunk.Mixed_7c, maps').replace('bap(features', 'ba|p(features'),
      undefined,
    ],
  ] as const) {
    const { text, codes } = await fixed(broken)
    t.deepEqual(codes, [], broken.slice(broken.indexOf('|') - 30, broken.indexOf('|') + 30))
    if (whole !== undefined) t.is(text, whole)
  }
})

test('a warning can be allowed at a key; the reason is asked for then', async (t) => {
  const { text, codes } = await fixed(replaced('  crop = ', '  idl|e = mean(master.attention)\n  crop = '))
  t.true(text.includes('\n  // allow unused-binding:\n  idle = mean(master.attention)\n'))
  t.deepEqual(codes, ['allow-without-reason'])
})
