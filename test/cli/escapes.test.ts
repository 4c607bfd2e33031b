import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { json, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-escapes-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

const wsban = wsbanIn(folder)

const evil = '\u001b]52;c;aGk=\u0007\n::error::owned \u009b1m\u202e'
const obeyed = /[\p{Cc}\u202a-\u202e]/u
const command = /^\s*::error::owned/m

/** Commands that print a name from untrusted data, each in its own way. */
const commands: Readonly<Record<string, readonly string[]>> = {
  'a spec that is not there': ['check', join(folder, `${evil}.wsban`)],
  'text of a spec': ['check', spec('text', `import a from "./\u001b[2J\u202e"\nmodel \u009bm() { \u001b]0;x\u0007 }`)],
  'text of a spec, formatted': ['fmt', '--check', spec('fmt', 'model m( { \u001b[2J }')],
  'a misspelt command': [`che${evil}ck`],
  'an unknown flag': ['check', `--x${evil}`],
  'an operation that is not there': ['explain', evil],
  'keys and metadata of a checkpoint': ['weights', 'inspect', checkpoint()],
  'an entry that is not there': ['weights', 'inspect', checkpoint(), '--weights-entry', evil],
  'names of classes': ['data', 'inspect', data()],
  'a run that is not there': ['report', join(folder, evil)],
}

for (const [name, args] of Object.entries(commands))
  test(`${name}: nothing of it is obeyed`, (t) => {
    const { out: stdout, err: stderr } = wsban(...args)
    t.notRegex(`${stdout}${stderr}`.replace(/\n/g, ''), obeyed)
    t.notRegex(`${stdout}\n${stderr}`, command)
    t.not(stdout + stderr, '')
  })

test('a checkpoint as JSON keeps its names', (t) => {
  const result = wsban('weights', 'inspect', checkpoint(), '--json')
  t.notRegex(result.out.replace(/\n/g, ''), obeyed)
  t.like(json(result), { tensors: [{ name: evil }] })
})

test('workflow commands of --format github escape what they show', (t) => {
  const file = spec('github,100%:', 'model m() { x = \u001b[2J }')
  const { out: stdout } = wsban('check', '--format', 'github', file)
  for (const line of stdout.trim().split('\n'))
    t.regex(line, /^::(error|warning) file=[^:,]*github%2C100%25%3A\.wsban,line=1,/)
  t.notRegex(stdout.replace(/\n/g, ''), obeyed)
})

function spec(name: string, text: string): string {
  const path = join(folder, `${name}.wsban`)
  writeFileSync(path, text)
  return path
}

function checkpoint(): string {
  const header = JSON.stringify({
    __metadata__: { [evil]: evil },
    [evil]: { dtype: 'U8', shape: [1], data_offsets: [0, 1] },
  })
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(Buffer.byteLength(header)))
  const path = join(folder, 'names.safetensors')
  writeFileSync(path, Buffer.concat([head, Buffer.from(header), Buffer.from([1])]))
  return path
}

function data(): string {
  const root = join(folder, 'data')
  for (const name of [evil, 'b']) {
    mkdirSync(join(root, name), { recursive: true })
    for (const file of ['1.jpg', `${evil}.jpg`]) writeFileSync(join(root, name, file), 'no image')
  }
  return root
}
