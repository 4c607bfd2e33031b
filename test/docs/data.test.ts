import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import test from 'ava'
import { inspectionText } from '../../cli/actions/inspect_data.js'
import { inspectData } from '../../runtime/data/inspect/inspect.js'
import { openDataSet } from '../../runtime/data/open.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { sharp } from '../support/sharp.js'

const page = readFileSync(join(packageRoot(), 'docs/data.md'), 'utf8')
const root = mkdtempSync(join(tmpdir(), 'wsban-docs-'))
test.after.always(() => rmSync(root, { recursive: true, force: true }))

function write(name: string, content: string | Uint8Array): void {
  const path = join(root, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

test.serial('the examples of docs/data.md are read as it says', async (t) => {
  const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const
  const image = sharp({ create: { width: 200, height: 210, channels: 3, background: 'grey', noise } })
  for (const [, paths = ''] of page.matchAll(/```files\n([\s\S]*?)```/g))
    for (const path of paths.trim().split('\n')) {
      const format = { '.png': 'png', '.webp': 'webp' } as const
      const found = Object.entries(format).find(([extension]) => extension === extname(path))
      write(
        path,
        await image
          .clone()
          .toFormat(found?.[1] ?? 'jpeg')
          .toBuffer(),
      )
    }
  for (const [, name = '', text = ''] of page.matchAll(/^`([\w/.]+)`\n\n```\w+\n([\s\S]*?)```/gm)) write(name, text)

  process.chdir(root)
  const shown = [...page.matchAll(/```console\n\$ wsban data inspect (\S+)\n([\s\S]*?)```/g)]
  t.true(shown.length >= 5)
  for (const [, place = '', wanted = ''] of shown) {
    const data = await openDataSet(place, { seed: 1 })
    const text = inspectionText(data, await inspectData(data, 0.05, silent))
    t.is(text.slice(0, wanted.length), wanted, place)
  }
})
