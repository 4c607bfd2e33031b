import { join } from 'node:path'
import test from 'ava'
import { specialise } from '../../compiler/graph/phase.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { functionDomain } from '../../compiler/targets/onnx/encode.js'
import { withFunctions } from '../../compiler/targets/onnx/functions.js'
import { fusePasses } from '../../compiler/targets/onnx/passes/fuse_passes.js'
import { optimise } from '../../compiler/targets/onnx/passes/index.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'

function subject(model: string) {
  const { graph } = compileFile(join(packageRoot(), 'models', `${model}.wsban`))
  if (!graph) throw new Error('the model does not compile')
  const inference = specialise(graph, 'inference')
  const zeros = ({ shape }: { readonly shape: readonly number[] }) =>
    new Float32Array(shape.reduce((product, size) => product * size, 1))
  return { graph: inference, program: optimise(emitOnnx(inference, { input: 'image', opset: 18, weights: zeros })) }
}

test("WS-BAN on InceptionV3 with functions is the paper's figure: both passes call the same ones", (t) => {
  const { graph, program } = subject('wsban')
  const { nodes, functions = [], weights } = withFunctions(program, graph)
  const calls = nodes.filter(({ domain }) => domain === functionDomain)
  t.deepEqual(
    calls.map(({ name, operator }) => [name, operator]),
    [
      ['preprocess/resize', 'resize'],
      ['preprocess/normalize', 'normalize'],
      ['master/trunk', 'inception_v3'],
      ['master/attention', 'attention'],
      ['master/parts', 'bap'],
      ['master/embedding/signed_sqrt', 'signed_sqrt'],
      ['master/embedding', 'l2_normalize'],
      ['master/logits', 'linear'],
      ['crop', 'crop_sampler'],
      ['part/trunk', 'inception_v3'],
      ['part/attention', 'attention'],
      ['part/parts', 'bap'],
      ['part/embedding/signed_sqrt', 'signed_sqrt'],
      ['part/embedding', 'l2_normalize'],
      ['part/logits', 'linear'],
    ],
  )
  const [whole, part] = ['master/trunk', 'part/trunk'].map((name) => calls.find((call) => call.name === name))
  t.deepEqual(whole?.inputs.slice(1), part?.inputs.slice(1), 'one set of weights')
  t.is(functions.filter(({ name }) => name.startsWith('inception_v3')).length, 1)
  t.is(weights, program.weights)
  for (const { inputs, outputs, nodes: inner } of functions) {
    t.is(new Set([...inputs, ...outputs]).size, inputs.length + outputs.length)
    t.true(inner.length > 0)
  }
})

test('one copy of the network in a loop of two rounds, where a model has two passes', (t) => {
  for (const model of ['wsban_tiny', 'wsdan_tiny']) {
    const { graph, program } = subject(model)
    const { nodes, outputs } = fusePasses(program, graph)
    const convolutions = program.nodes.filter(({ operator }) => operator === 'Conv').length
    const body = nodes.find(({ operator }) => operator === 'Loop')?.attributes.body
    t.is(nodes.filter(({ operator }) => operator === 'Conv').length, 0, model)
    if (typeof body !== 'object' || !('graph' in body)) throw new Error(`${model} has no loop`)
    t.is(body.graph.nodes.filter(({ operator }) => operator === 'Conv').length * 2, convolutions, model)
    t.is(outputs, program.outputs)
  }
  const { graph, program } = subject('baseline')
  t.is(fusePasses(program, graph), program, 'one pass stays as it is')
})
