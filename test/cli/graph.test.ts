import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package-root.js'
import { json, wsbanIn } from '../support/commands.js'

const folder = mkdtempSync(join(tmpdir(), 'wsban-graph-'))
const wsban = wsbanIn(folder)
const tiny = join(packageRoot(), 'models', 'wsban_tiny.wsban')
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('an image is written as its file is called', (t) => {
  t.is(wsban('graph', tiny, '-o', 'a.svg', '--theme', 'light', '--set', 'maps=5').status, 0)
  const svg = readFileSync(join(folder, 'a.svg'), 'utf8')
  t.true(svg.startsWith('<svg ') && svg.includes('5 \u00d7 12 \u00d7 12') && !svg.includes('prefers-color-scheme'))
  t.is(wsban('graph', tiny, '-o', 'a.json').status, 0)
  t.is(JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8')).model, 'wsban_tiny')
  const dot = wsban('graph', tiny)
  t.deepEqual([dot.status, dot.out.split('\n')[0]], [0, 'digraph "wsban_tiny" {'])
  t.true(json(wsban('graph', tiny, '--json')).ok)
  t.is(wsban('graph', tiny, '-o', 'a.png').status, 2)
})
