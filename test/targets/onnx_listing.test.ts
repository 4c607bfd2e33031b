import test from 'ava'
import { onnxListing } from '../../compiler/targets/onnx/listing.js'
import type { OnnxNode } from '../../compiler/targets/onnx/program.js'

const node = (
  operator: string,
  inputs: string[],
  outputs: string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({
  operator,
  name: operator,
  inputs,
  outputs,
  attributes,
})

test('a program is listed with its types, weights, constants, attributes and bodies', (t) => {
  const constant = {
    name: 'sizes',
    element: 'int64',
    shape: [18],
    values: Array.from({ length: 18 }, (_, i) => i),
  } as const
  const text = onnxListing({
    name: 'net',
    opset: 21,
    inputs: [{ name: 'image', element: 'uint8', shape: ['N', 4] }],
    outputs: [{ name: 'y z', element: 'float', shape: ['N'] }],
    weights: new Map([
      [
        'w',
        { name: 'w', element: 'float', shape: [2, 3], read: () => Promise.reject(new Error('weights are not read')) },
      ],
    ]),
    constants: new Map([['sizes', constant]]),
    nodes: [
      node('Conv', ['image', 'w', ''], ['x'], {
        strides: [1, 2],
        alpha: { float: 2 },
        mode: 'a"b',
        to: { element: 'float' },
      }),
      node('If', ['x'], ['y z'], {
        then_branch: {
          graph: { name: 'then', inputs: [], outputs: [{ name: 'b' }], nodes: [node('Relu', ['x'], ['b'])] },
        },
        value: { tensor: { name: 'v', element: 'bool', shape: [1], values: [1] } },
        axis: -1,
      }),
      { ...node('twice', ['x'], ['x/2']), domain: 'wsban' },
    ],
    functions: [{ name: 'twice', inputs: ['a'], outputs: ['b'], nodes: [node('Add', ['a', 'a'], ['b'])], text: '' }],
  })
  t.is(
    text,
    `// opset 21, 3 operations
net (uint8[N, 4] image) => (float[N] "y z") {
  // weights
  float[2, 3] w

  // constants
  int64[18] sizes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, ... 18 values}

  x = Conv <strides = [1, 2], alpha = 2.0, mode = "a\\"b", to = float> (image, w, )
  "y z" = If <value = bool[1] {1}, axis = -1> (x)
    then_branch () => (b) {
      b = Relu (x)
    }
  x/2 = wsban.twice (x)
}

twice (a) => (b) {
  b = Add (a, a)
}
`,
  )
})
