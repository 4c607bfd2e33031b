/**
 * Records the weights with which the playground opens, in half precision:
 *
 *     wsban data sample -o birds
 *     wsban train wsban_tiny --data birds --engine wasm --seed 1 -o run
 *     npx tsx editors/playground/birds/record.ts run
 */
import { fileURLToPath } from 'node:url'
import { specialise } from '../../../compiler/graph/phase.js'
import { toHalf } from '../../../compiler/targets/onnx/half.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import { compileFile } from '../../../runtime/specs/spec.js'
import { readSafetensors, writeEntries } from '../../../runtime/weights/formats/safetensors.js'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('npx tsx editors/playground/birds/record.ts RUN')
const run = await RunFolder.open(folder)
const { graph } = compileFile(fileURLToPath(new URL('../../../models/wsban_tiny.wsban', import.meta.url)))
if (!graph) throw new Error('wsban_tiny does not compile')
const { tensors } = await readSafetensors(run.weightsPath('best'))
const entries = [...specialise(graph, 'inference').parameters.keys()].map((name) => {
  const tensor = tensors.get(name)
  if (!tensor) throw new Error(`${folder} has no ${name}: it is not a run of wsban_tiny`)
  const halves = toHalf(tensor.values)
  return [name, { dtype: 'F16', shape: tensor.shape, bytes: async () => new Uint8Array(halves.buffer) }] as const
})
const { seed, wsban, bestScore } = run.info
await writeEntries(fileURLToPath(new URL('weights.safetensors', import.meta.url)), new Map(entries), {
  made: `wsban ${wsban} train wsban_tiny --data birds --seed ${seed}, top-1 of the validation images ${bestScore}`,
})
