import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import type { Operation } from '../../compiler/ops/operation.js'
import { packageRoot } from '../../runtime/package_root.js'

test('the file of docs/add_an_operation.md is an operation, and its model compiles with it', async (t) => {
  const page = await readFile(join(packageRoot(), 'docs', 'add_an_operation.md'), 'utf8')
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(page) ?? []
  const [, text = ''] = /```wsban with swish\n([\s\S]*?)```/.exec(page) ?? []
  const folder = await mkdtemp(join(tmpdir(), 'wsban operation '))
  const file = join(folder, 'swish.ts')
  // An ES module, as in compiler/ops, so that its imports resolve to the same modules.
  await writeFile(join(folder, 'package.json'), '{"type": "module"}')
  const ops = pathToFileURL(join(packageRoot(), 'compiler', 'ops', '/')).href
  await writeFile(file, code.replaceAll("from '../", `from '${ops}`))
  const { swish }: { swish: Operation } = await import(pathToFileURL(file).href)
  const known = operations as Map<string, Operation>
  known.set(swish.name, swish)
  // Only now: the compiler looks at the list when it is loaded.
  const { compile } = await import('../../compiler/compile.js')
  const { diskLibrary } = await import('../../runtime/specs/library.js')
  const { graph, diagnostics } = compile({ source: 'small.wsban', text }, diskLibrary())
  t.deepEqual(diagnostics, [])
  t.true(graph?.nodes.some(({ operation }) => operation === 'swish'))
})
