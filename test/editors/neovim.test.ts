import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as z from 'zod'
import { packageRoot } from '../../runtime/package_root.js'
import { main } from '../support/commands.js'
import { lastResort } from '../support/waiting.js'

/** Neovim 0.11 or later. */
const neovim = process.env.WSBAN_NEOVIM

function skipped(t: ExecutionContext): boolean {
  if (neovim !== undefined) return false
  t.log('skipped: WSBAN_NEOVIM does not name Neovim 0.11 or later')
  t.pass()
  return true
}

const page = readFileSync(join(packageRoot(), 'docs', 'editors.md'), 'utf8')
const installation = /### Neovim\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)?.[1] ?? ''

const seen = z.object({
  diagnostics: z.array(z.object({ code: z.string(), lnum: z.number(), col: z.number() })),
  /** The virtual text of diagnostics. */
  messages: z.array(z.string()),
  grammar: z.boolean(),
  comment: z.string(),
  hints: z.number(),
})

/** Waits for the first diagnostics and inlay hints, and writes down the editor's state. */
const script = `
local found = vim.wait(${lastResort}, function()
  return #vim.diagnostic.get(0) > 0 and #vim.lsp.inlay_hint.get({ bufnr = 0 }) > 0
end)
local messages = {}
for name, namespace in pairs(vim.api.nvim_get_namespaces()) do
  if name:match("virtual_text") or name:match("virtual_lines") then
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace, 0, -1, { details = true })) do
      for _, part in ipairs(mark[4].virt_text or {}) do
        if vim.trim(part[1]) ~= "" then table.insert(messages, part[1]) end
      end
    end
  end
end
local diagnostics = {}
for _, one in ipairs(vim.diagnostic.get(0)) do
  table.insert(diagnostics, { code = one.code, lnum = one.lnum, col = one.col })
end
local buffer = vim.api.nvim_get_current_buf()
vim.fn.writefile({ vim.json.encode({
  diagnostics = diagnostics,
  messages = messages,
  grammar = vim.treesitter.highlighter.active[buffer] ~= nil,
  comment = vim.bo.commentstring,
  hints = #vim.lsp.inlay_hint.get({ bufnr = 0 }),
}) }, "seen.json")
vim.cmd.qall({ bang = true })
`

/** Returns the state of Neovim for a spec with a misspelt operation, installed by some of the documented commands into an empty home. */
function show(t: ExecutionContext, commands: string, configuration = '') {
  const home = mkdtempSync(join(tmpdir(), 'wsban-neovim-'))
  t.teardown(() => rmSync(home, { recursive: true, force: true }))
  const bin = join(home, 'bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'wsban'), `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 })
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: home, XDG_CACHE_HOME: join(home, '.cache') }
  const installed = spawnSync('sh', ['-ec', commands], { cwd: packageRoot(), env, encoding: 'utf8' })
  t.is(installed.status, 0, installed.stderr)
  writeFileSync(join(home, '.config', 'nvim', 'init.lua'), configuration)
  const spec = readFileSync(join(packageRoot(), 'models', 'wsban.wsban'), 'utf8').replace('signed_sqrt', 'signed_sqr')
  writeFileSync(join(home, 'spec.wsban'), spec)
  writeFileSync(join(home, 'script.lua'), script)
  const { stderr, status } = spawnSync(neovim ?? '', ['--headless', 'spec.wsban', '-S', 'script.lua'], {
    cwd: home,
    env,
    encoding: 'utf8',
  })
  t.is(status, 0, stderr)
  t.is(stderr, '')
  const line = spec.slice(0, spec.indexOf('signed_sqr')).split('\n')
  const state = seen.parse(JSON.parse(readFileSync(join(home, 'seen.json'), 'utf8')))
  t.deepEqual(state.diagnostics, [{ code: 'unknown-name', lnum: line.length - 1, col: line.at(-1)?.length ?? -1 }])
  t.is(state.comment, '// %s')
  return state
}

const withoutParser = installation.split('\n').filter((line) => !line.startsWith('cc '))

test('Neovim shows the messages of the server, and starts the grammar where its parser is installed', (t) => {
  if (skipped(t)) return
  t.regex(installation, /wsban\.lua[\s\S]*parser\.c/)
  const { grammar, messages, hints } = show(t, installation)
  t.true(grammar)
  t.true(
    messages.some((text) => text.includes('signed_sqr')),
    messages.join('\n'),
  )
  t.true(hints > 3)
  t.false(show(t, withoutParser.join('\n')).grammar)
})

test('Neovim shows messages as the user configured it', (t) => {
  if (skipped(t)) return
  const turnedOff = show(t, withoutParser.join('\n'), 'vim.g.wsban_messages = false')
  t.deepEqual(turnedOff.messages, [])
  const lines = show(t, withoutParser.join('\n'), 'vim.diagnostic.config({ virtual_lines = true })')
  t.deepEqual(lines.messages, [])
})
