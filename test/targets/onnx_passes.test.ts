import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { Tensor } from 'onnxruntime-node'
import { specialise } from '../../compiler/graph/phase.js'
import { Random } from '../../compiler/random.js'
import { emitOnnx } from '../../compiler/targets/onnx/emit.js'
import { toHalf } from '../../compiler/targets/onnx/half.js'
import { passes } from '../../compiler/targets/onnx/passes/index.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { initialValues } from '../../runtime/weights/initial_values.js'
import { sessionOf } from '../support/onnx_program.js'

/** With random statistics and biases: those of an untrained network would hide errors in folding. */
function programOf(model: string): OnnxProgram {
  const { graph } = compileFile(join(packageRoot(), 'models', `${model}.wsban`))
  if (!graph) throw new Error('the model does not compile')
  return emitOnnx(specialise(graph, 'inference'), {
    input: 'image',
    opset: 18,
    weights: (parameter) => {
      const random = new Random(parameter.name.length)
      return initialValues(parameter, 1).map((value) =>
        parameter.initializer.kind === 'constant' ? random.uniform(0.5, 1.5) : value,
      )
    },
  })
}

async function answers(program: OnnxProgram): Promise<Record<string, Float32Array>> {
  const session = await sessionOf(program)
  const random = new Random(2)
  const pixels = Uint8Array.from({ length: 2 * 60 * 90 * 3 }, () => random.integer(256))
  const results = await session.run({ image: new Tensor('uint8', pixels, [2, 60, 90, 3]) })
  await session.release()
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]))
}

for (const model of ['wsban_tiny', 'wsdan_tiny', 'tasn_tiny'])
  test(`${model}: each pass alone makes it no larger and moves no answer beyond what it says`, async (t) => {
    const program = programOf(model)
    const before = await answers(program)
    for (const pass of passes) {
      const changed = pass.run(program)
      t.true(changed.nodes.length <= program.nodes.length, pass.name)
      const after = await answers(changed)
      for (const [name, values] of Object.entries(before)) {
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
        const away = values.reduce(
          (most, value, i) => Math.max(most, Math.abs(value - (after[name]?.[i] ?? Number.NaN))),
          0,
        )
        t.true(away <= pass.tolerance * largest, `${pass.name} moves ${name} by ${away} of ${largest}`)
      }
    }
  })

test('each pass finds something to do', (t) => {
  const program = programOf('wsban_tiny')
  const programs = [program, programOf('isqrt_cov')]
  const operators = ({ nodes }: OnnxProgram) => nodes.map(({ operator }) => operator)
  for (const { name, run } of passes)
    if (name !== 'remove-transposes')
      t.true(
        programs.some((one) => run(one).nodes.length < one.nodes.length),
        name,
      )
  const folded = passes.reduce((current, pass) => pass.run(current), program)
  t.false(operators(folded).includes('BatchNormalization'))
})

test('transposes that follow one another become one, and none when they cancel', (t) => {
  const orders = fc.array(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), { minLength: 1, maxLength: 5 })
  const pass = passes.find(({ name }) => name === 'remove-transposes')
  fc.assert(
    fc.property(orders, (list) => {
      const nodes = list.map((perm, index) => ({
        operator: 'Transpose',
        name: `t${index}`,
        inputs: [`t${index - 1}`],
        outputs: [`t${index}`],
        attributes: { perm },
      }))
      const last = { operator: 'Relu', name: 'out', inputs: [`t${list.length - 1}`], outputs: ['out'], attributes: {} }
      const value = (name: string) => ({ name, element: 'float' as const, shape: ['a', 'b', 'c', 'd'] })
      const program: OnnxProgram = {
        name: 'transposes',
        opset: 18,
        nodes: [...nodes, last],
        inputs: [value('t-1')],
        outputs: [value('out')],
        constants: new Map(),
        weights: new Map(),
      }
      const whole = list.reduce((axes, perm) => perm.map((axis) => axes[axis] ?? 0), [0, 1, 2, 3])
      const left = pass?.run(program).nodes ?? []
      const perms = left.flatMap(({ attributes }) => (attributes.perm ? [attributes.perm] : []))
      return whole.every((axis, index) => axis === index)
        ? left.length === 1 && left[0]?.inputs[0] === 't-1'
        : left.length === 2 && JSON.stringify(perms) === JSON.stringify([whole])
    }),
    { seed: 1 },
  )
  t.pass()
})

test('halves are rounded as the standard says', (t) => {
  const known: [number, number][] = [
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [65504, 0x7bff],
    [65519.99, 0x7bff],
    [65520, 0x7c00],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [1.5 * 2 ** -25, 0x0001],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
    [0.1, 0x2e66],
  ]
  t.deepEqual(
    [...toHalf(Float32Array.from(known, ([value]) => value))],
    known.map(([, half]) => half),
  )
})
