import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { json, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-usage-'))
const wsban = wsbanIn(folder)
mkdirSync(join(folder, 'a-folder'))
writeFileSync(join(folder, 'a-file'), 'nothing that wsban reads')
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const failed = z.object({ ok: z.literal(false), error: z.object({ code: z.string(), message: z.string() }) })

test('a misspelt flag is named before what is missing', (t) => {
  for (const [words, flag, meant] of [
    [['train', 'wsban_tiny', '--dta', 'birds'], '--dta', '--data'],
    [['compile', 'wsban_tiny', '--taget', 'onnx'], '--taget', '--target'],
    [['verify', '--agianst', 'run'], '--agianst', '--against'],
    [['check', '--jsn'], '--jsn', '--json'],
    [['--vrsion'], '--vrsion', '--version'],
  ] as const) {
    const { status, err } = wsban(...words)
    t.is(status, 2, words.join(' '))
    t.true(err.includes(`has no flag ${flag}`), err)
    t.true(err.includes(`did you mean ${meant}?`), err)
  }
})

test('the value of a flag is no flag, even when it looks like one', (t) => {
  t.regex(wsban('train', 'wsban_tiny', '--epochs', '-3').err, /'-3' is invalid/)
  t.regex(wsban('init', '--template', '--json').err, /'--json' is invalid/)
})

test('a misspelt command gets the nearest one', (t) => {
  t.regex(wsban('chek', 'x').err, /no command chek\n.*did you mean check\?/)
  t.regex(wsban('a-folder').err, /a-folder is no command\n.*wsban make a-folder/)
  t.regex(wsban('weights', 'inspct').err, /wsban weights has no command inspct\n.*did you mean inspect\?/)
})

test('usage errors and the version are JSON when asked for', (t) => {
  for (const words of [
    ['check', '--json'],
    ['chek', '--json'],
    ['train', '--dta', 'x', '--json'],
    ['--json', 'check'],
  ]) {
    const result = wsban(...words)
    t.is(result.status, 2)
    t.is(failed.parse(json(result)).error.code, 'wrong-usage')
  }
  const version = z.object({ version: z.string(), engines: z.array(z.object({ name: z.string() })) })
  t.true(version.parse(json(wsban('--version', '--json'))).engines.length > 0)
})

test('with --quiet a command that succeeds says nothing', (t) => {
  t.like(wsban('check', 'wsban_tiny', '--quiet'), { status: 0, out: '', err: '' })
  t.like(wsban('explain', 'bap', '--quiet'), { status: 0, out: '', err: '' })
})

test('paths that do not exist and folders in place of files are said in plain words', (t) => {
  for (const words of [
    ['check', 'none.wsban'],
    ['check', 'a-folder'],
    ['check', 'a-file/below'],
    ['fmt', 'a-folder'],
    ['graph', 'none'],
    ['diff', 'none', 'a-folder'],
    ['train', 'a-folder', '--data', 'none', '-o', 'run'],
    ['train', 'wsban_tiny', '--data', 'none', '-o', 'run'],
    ['evaluate', 'a-folder', '--data', 'a-folder'],
    ['compare', 'none', 'a-folder'],
    ['compare', 'none.onnx', 'a-file'],
    ['predict', 'none.onnx', 'none.jpg'],
    ['predict', 'a-folder', 'none.jpg'],
    ['export', 'none', '-o', 'x.onnx'],
    ['export', 'wsban_tiny', '-o', 'a-folder'],
    ['export', 'wsban_tiny', '-o', 'a-file/x.onnx'],
    ['compile', 'wsban_tiny', '--target', 'onnx', '-o', 'a-file'],
    ['compile', 'wsban_tiny', '--target', 'onnx', '-o', 'a-file/below'],
    ['init', 'a-file'],
    ['init', 'a-file/below'],
    ['report', 'a-file'],
    ['report', 'none'],
    ['verify', 'none.onnx', '--against', 'wsban_tiny'],
    ['weights', 'inspect', 'a-folder'],
    ['weights', 'inspect', 'none'],
    ['weights', 'convert', 'none', 'x.safetensors'],
    ['data', 'inspect', 'none'],
    ['data', 'inspect', 'a-file'],
    ['data', 'sample', '-o', 'a-file'],
  ]) {
    const { status, out, err } = wsban(...words)
    t.true(status === 1 || status === 2, `${words.join(' ')}: ${status}\n${err}`)
    t.notRegex(out + err, /\bE[A-Z]{4,}\b|\bnode:/, words.join(' '))
    t.regex(err, /^error\[|^\S+: /m, words.join(' '))
  }
})

test('explain knows the settings of the train block', (t) => {
  for (const [name, found] of [
    ['epochs', /--train epochs=10/],
    ['optimizer', /`adamw`/],
    ['optimizer.rate', /`sgd` \| `0.01`/],
    ['schedule', /`cosine`/],
    ['augment', /`random_resized_crop`/],
    ['sgd', /momentum/],
  ] as const)
    t.regex(wsban('explain', name).out, found)
  t.notRegex(wsban('explain', 'optimizer.rate').out, /dropout/)
  t.regex(wsban('explain', 'optimiser').err, /did you mean optimizer\?/)
})

test('completion scripts exist for four shells, and the program suggests commands, flags and their values', (t) => {
  for (const shell of ['bash', 'zsh', 'fish', 'powershell']) t.regex(wsban('completion', shell).out, /complete/)
  t.regex(wsban('complete', '--', 'exp').out, /^export\t/m)
  t.regex(wsban('complete', '--', 'train', 'wsban', '--ep').out, /^--epochs\t/m)
  t.regex(wsban('complete', '--', 'train', 'wsban', '--engine', '').out, /^pytorch/m)
  t.regex(wsban('-h').out, /Start here:\n[\s\S]*Write a model:[\s\S]*completion <shell>/)
})
