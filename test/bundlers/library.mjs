/** A program that uses the library: what it prints is the same installed, bundled and packed. The argument is a HEIC image. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { check, compile, Failure, load } from 'wsban'

const text = 'import tiny from "backbones/tiny"\nblock twice(image) {\n  return tiny(image)\n}\n'

async function main() {
  const out = await mkdtemp(join(tmpdir(), 'wsban-bundle-'))
  try {
    const imported = check({ path: 'memory.wsban', text })
    const named = check('wsban_tiny', { set: { classes: 3 } })
    const written = {}
    for (const target of ['tfjs', 'pytorch', 'onnx']) {
      const paths = await compile('wsban_tiny', { target, out: join(out, target), set: { classes: 3 } })
      written[target] = paths.map((path) => path.slice(out.length + 1).replaceAll('\\', '/'))
    }
    const code = await readFile(join(out, 'tfjs', 'model.ts'), 'utf8')
    const model = await load(join(out, 'onnx', 'wsban_tiny.onnx'))
    const [answer] = await model.predict([process.argv[2]])
    await model.close()
    console.log(
      JSON.stringify({
        imported: imported.ok,
        parameters: named.model.parameters,
        written,
        code: code.includes('export function forward'),
        classes: answer.classes.map(({ name, probability }) => [name, probability.toFixed(4)]),
        run: await outcome(() => load('wsban_tiny', { engine: 'wasm' })),
      }),
    )
  } finally {
    await rm(out, { recursive: true })
  }
}

/** A run or a spec is computed by files of the package: 'works' where it is installed, the code of the failure where it is not. */
async function outcome(open) {
  try {
    const model = await open()
    await model.close()
    return 'works'
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return error.problem.code
  }
}

main()
