import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package-root.js'

/** The core runs in a browser: it reads no file, asks no clock, opens no connection, prints nothing. */
const pure = ['grammar', 'compiler', 'editors/language']
const allowedPackages = new Set(['@dagrejs/dagre', 'chevrotain', 'onnx-proto', 'ts-morph'])
const effects =
  /\b(?:process|console|globalThis|fetch|setTimeout|setInterval|performance)\s*[.(]|\bDate\b|Math\.random|\brequire\(|\bimport\(/

function sources(folder: string): string[] {
  return readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
}

for (const folder of pure)
  test(`${folder}/ is pure`, (t) => {
    const files = sources(folder)
    t.true(files.length > 3)
    for (const file of files) {
      const text = readFileSync(join(packageRoot(), file), 'utf8')
      // Imports of the file itself, not those that it writes into generated code.
      for (const [, specifier = ''] of text.matchAll(/^(?:(?:import|export|\}).* from |import )'([^']+)'$/gm)) {
        if (!specifier.startsWith('.')) t.true(allowedPackages.has(specifier), `${file} imports ${specifier}`)
        else
          t.true(
            pure.some((own) => join(file, '..', specifier).startsWith(`${own}/`)),
            `${file} imports ${specifier}, which is not pure`,
          )
      }
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'/g, '')
      t.false(effects.test(code), `${file}: ${effects.exec(code)?.[0]}`)
    }
  })

test('the grammar knows nothing of the compiler', (t) => {
  for (const file of sources('grammar'))
    t.false(readFileSync(join(packageRoot(), file), 'utf8').includes("'../compiler"), file)
})
