import test from 'ava'
import { compile } from '../../compiler/compile.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import { diskLibrary } from '../../runtime/specs/library.js'

test('a graph that still has its losses is refused', (t) => {
  const text = `model m() {
  input image: Image[3, 8, 8]
  input label: Class[3]
  branch a(image) { logits = linear(flatten(image), 3) }
  loss { l = cross_entropy(a.logits, label) }
  predict p = softmax(a.logits)
}`
  const { graph } = compile({ source: 'm.wsban', text }, diskLibrary())
  if (!graph) return t.fail('the model does not compile')
  const options = { input: 'image', opset: 18, weights: () => new Float32Array() } as const
  t.throws(() => emitOnnx(graph, options), { message: 'loss/l (cross_entropy) exists only in training' })
})

test('a weight whose values do not fill its shape is refused, before it could shift those after it', async (t) => {
  const weight = { name: 'w', element: 'float', shape: [2, 3], read: async () => new Float32Array(5) } as const
  const program = {
    name: 'm',
    opset: 18,
    inputs: [],
    outputs: [],
    nodes: [],
    constants: new Map(),
    weights: new Map([['w', weight]]),
  }
  const { pieces } = encodeModel({ program, producer: 'test', version: '0', metadata: {} })
  const read = async () => {
    for await (const _ of pieces());
  }
  await t.throwsAsync(read, { message: 'w has 20 bytes instead of 24' })
})
