import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import {
  createProtocolConnection,
  DidOpenTextDocumentNotification,
  InitializeRequest,
  PublishDiagnosticsNotification,
  StreamMessageReader,
  StreamMessageWriter,
} from 'vscode-languageserver/node.js'
import * as z from 'zod'
import { codeRequest } from '../../editors/server/requests.js'
import { foundOnPath, serverCommand, trainingArguments } from '../../editors/vscode/command.js'
import { figureHtml } from '../../editors/vscode/figure_html.js'
import { assemble, pack } from '../../editors/vscode/package.js'
import { openZip } from '../support/zip_names.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-extension-'))
const extension = join(folder, 'extension')
test.before(() => assemble(extension))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const file = z.object({ path: z.string() })
const manifest = z.object({
  main: z.string(),
  icon: z.string(),
  capabilities: z.object({ untrustedWorkspaces: z.object({ supported: z.string() }) }),
  contributes: z.object({
    languages: z.tuple([z.object({ configuration: z.string(), extensions: z.tuple([z.literal('.wsban')]) })]),
    commands: z.array(z.object({ command: z.string(), title: z.string(), enablement: z.string().optional() })),
    menus: z.record(z.string(), z.array(z.object({ command: z.string().optional(), submenu: z.string().optional() }))),
    grammars: z.array(file),
    snippets: z.array(file),
    configuration: z.object({ properties: z.object({ 'wsban.command': z.object({ scope: z.string() }) }) }),
  }),
})

test('the manifest names files that are there and can be read', (t) => {
  const { main, icon, contributes } = manifest.parse(JSON.parse(readFileSync(join(extension, 'package.json'), 'utf8')))
  const { languages, grammars, snippets } = contributes
  t.true(existsSync(join(extension, main)))
  t.true(existsSync(join(extension, icon)))
  for (const path of [
    languages[0].configuration,
    ...grammars.map((item) => item.path),
    ...snippets.map((item) => item.path),
  ])
    t.notThrows(() => JSON.parse(readFileSync(join(extension, path), 'utf8')), path)
})

test('no workspace can choose the program that is run, or have it run before it is trusted', (t) => {
  const { contributes, capabilities } = manifest.parse(
    JSON.parse(readFileSync(join(extension, 'package.json'), 'utf8')),
  )
  t.is(contributes.configuration.properties['wsban.command'].scope, 'machine')
  t.is(capabilities.untrustedWorkspaces.supported, 'limited')
  const train = contributes.commands.find(({ command }) => command === 'wsban.train')
  t.is(train?.enablement, 'isWorkspaceTrusted')
})

test('every command is registered, and menus name no other', (t) => {
  const { main, contributes } = manifest.parse(JSON.parse(readFileSync(join(extension, 'package.json'), 'utf8')))
  const client = readFileSync(join(extension, main), 'utf8')
  const commands = contributes.commands.map(({ command }) => command)
  for (const command of commands) t.true(client.includes(`"${command}"`), command)
  for (const item of Object.values(contributes.menus).flat())
    t.true(item.submenu !== undefined || commands.includes(item.command ?? ''), item.command)
  t.deepEqual(
    contributes.menus.commandPalette?.map(({ command }) => command),
    commands,
  )
})

test('the page of a figure runs one script, and a text in its addresses stays text', (t) => {
  const html = figureHtml({
    script: '"><script>x</script>',
    style: 's.css',
    nonce: 'abc',
    source: 'https://*.example.test',
  })
  t.is(html.match(/<script/g)?.length, 1)
  t.true(html.includes(`content="default-src 'none'; script-src 'nonce-abc'; style-src https://*.example.test"`))
  t.notRegex(html, /unsafe|style=|onclick/)
})

test('a program is found by its path or in a folder of PATH, with the endings of Windows there', (t) => {
  const exists = (path: string) => ['/opt/bin/wsban', '/my wsban', '/win/wsban.cmd'].includes(path)
  const found = (command: string, path: string, windows = false) => foundOnPath(command, { path, windows, exists })
  t.true(found('wsban', '/usr/bin:/opt/bin'))
  t.false(found('wsban', '/usr/bin::'))
  t.true(found('/my wsban', ''))
  t.false(found('wsban', '/win'))
  t.true(found('wsban', '/usr;/win', true))
  t.deepEqual(trainingArguments('/a b.wsban', '/$(x)'), ['train', '/a b.wsban', '--data', '/$(x)'])
})

test('the package has the parts that the editor looks for', async (t) => {
  const path = join(folder, 'wsban.vsix')
  await pack(extension, path)
  const names = await openZip(path)
  for (const name of [
    'extension.vsixmanifest',
    '[Content_Types].xml',
    'extension/package.json',
    'extension/client.cjs',
    'extension/server/server.mjs',
    'extension/figure.js',
    'extension/figure.css',
    'extension/icon.png',
    'extension/models/backbones/inception_v3.wsban',
  ])
    t.true(names.includes(name), name)
})

test('the server of the extension starts by its command and knows the standard models', async (t) => {
  const { command, args } = serverCommand('', extension, process.execPath)
  t.deepEqual(serverCommand('my wsban', extension, process.execPath), { command: 'my wsban', args: ['lsp', '--stdio'] })
  // In a folder without the sources: the extension must be complete by itself.
  const child = spawn(command, args, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill())
  const connection = createProtocolConnection(
    new StreamMessageReader(child.stdout),
    new StreamMessageWriter(child.stdin),
  )
  connection.listen()
  const said = new Promise<readonly unknown[]>((settle) =>
    connection.onNotification(PublishDiagnosticsNotification.type, ({ diagnostics }) => settle(diagnostics)),
  )
  await connection.sendRequest(InitializeRequest.type, { processId: null, rootUri: null, capabilities: {} })
  const text = readFileSync(join(extension, 'models', 'wsban.wsban'), 'utf8')
  const textDocument = { uri: 'untitled:Untitled-1', languageId: 'wsban', version: 1, text }
  await connection.sendNotification(DidOpenTextDocumentNotification.type, { textDocument })
  t.deepEqual(await said, [])
  // Each target's code is in a file of its own, which is loaded now.
  for (const target of codeRequest.takes.shape.target.options) {
    const answer = await connection.sendRequest(codeRequest.method, { textDocument: { uri: textDocument.uri }, target })
    t.true(
      codeRequest.returns.parse(answer).files.some(({ text: code }) => code.length > 1000),
      target,
    )
  }
})

/** An editor that is there in name only: everything can be called, made and asked for. */
const fakeEditor = `
const Module = require('node:module')
const anything = new Proxy(function () {}, {
  get: (target, key) => (key === Symbol.toPrimitive ? () => '' : key === 'then' ? undefined : key === 'prototype' ? target.prototype : anything),
  apply: () => anything,
  construct: () => anything,
})
const load = Module._load
Module._load = (name, ...rest) => (name === 'vscode' ? anything : load(name, ...rest))
const client = require(process.argv[2])
if (typeof client.activate !== 'function' || typeof client.deactivate !== 'function') throw new Error('no activate')
console.log('loaded')
`

test('the client loads in an editor and has what that calls', (t) => {
  const script = join(folder, 'editor.cjs')
  writeFileSync(script, fakeEditor)
  const { stdout, stderr } = spawnSync(process.execPath, [script, join(extension, 'client.cjs')], { encoding: 'utf8' })
  t.is(stdout, 'loaded\n', stderr)
})
