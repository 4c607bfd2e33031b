import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { className } from '../../compiler/targets/pytorch/python.js'
import { writeTarget } from '../../runtime/export/target.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { backboneSpec, type ListedNetwork, listedNetwork } from '../support/backbone_spec.js'
import { lacksModules, runPython, skipped } from '../support/python.js'

/** Relative to the largest output. Both sides run the same kernels in single precision. */
const tolerance = 1e-4

const networks = z.record(z.string(), listedNetwork)
const results = z.array(z.object({ into: z.number(), apart: z.number(), back: z.number() }))

const folder = mkdtempSync(join(tmpdir(), 'wsban-backbones-'))
test.after.always(() => rmSync(folder, { recursive: true, force: true }))

test('published backbones load strictly into generated ones and back, and compute the same outputs', async (t) => {
  const lacking = lacksModules('torch', 'torchvision', 'timm', 'safetensors')
  if (skipped(t, lacking)) return
  const listed = Object.entries(
    networks.parse(JSON.parse(readFileSync(join(packageRoot(), 'test', 'parity', 'networks.json'), 'utf8'))),
  )
  const asked = await Promise.all(
    listed.map(async ([name, network]) => {
      const { library, size, model = name, options = {} } = network
      const place = join(folder, name)
      return { name: model, library, options, size, folder: place, class: await generate(name, network, place) }
    }),
  )
  const script = join(packageRoot(), 'test', 'pytorch', 'run_backbones.py')
  const found = results.parse(JSON.parse(runPython([script], JSON.stringify(asked))))
  t.is(found.length, listed.length)
  for (const [index, { into, apart, back }] of found.entries()) {
    const name = listed[index]?.[0]
    t.true(into <= tolerance, `${name}: theirs in ours is ${into} away`)
    t.true(apart > tolerance, `${name}: other weights answer alike`)
    t.true(back <= tolerance, `${name}: ours in theirs is ${back} away`)
    t.log(`${name}: ${into.toExponential(1)}, ${back.toExponential(1)}`)
  }
})

/** Writes a model that consists of the backbone only. Returns the name of its class. */
async function generate(name: string, network: ListedNetwork, place: string): Promise<string> {
  const path = join(folder, `${name}.wsban`)
  writeFileSync(path, backboneSpec(name, network, network.size))
  const spec = compileFile(path)
  const { graph, diagnostics } = spec
  if (!graph) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  await writeTarget({ ...spec, graph }, { target: 'pytorch', out: place, seed: 1 })
  return className([graph.name])
}
