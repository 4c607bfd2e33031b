import type { Evaluation } from '../call.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { featureMap, sizeOf } from '../support/shapes.js'
import { at, sizes4, type Tensor, zeros } from '../support/tensor.js'
import { reader } from '../support/windows.js'

export const batchNorm: Operation = {
  name: 'batch_norm',
  documentation: {
    summary:
      'Normalises each channel with the statistics of the batch in training, and with running averages in inference.',
    formula: String.raw`y = \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}}\,\gamma_c + \beta_c`,
    details:
      'y = (x - mean) / sqrt(variance + eps) weight + bias, per channel. In training, mean and variance are those of the batch, and the running averages are updated: running = (1 - momentum) running + momentum batch, with the unbiased variance.',
    example: 'bn = conv2d(trunk.layer1, 32, 3, bias = false) -> batch_norm',
    source: 'Ioffe and Szegedy 2015, algorithm 1; running averages: torch.nn.BatchNorm2d',
  },
  arguments: [
    tensorArgument('x', 'feature maps'),
    {
      name: 'eps',
      kind: { is: 'number', above: 0, to: 1 },
      default: 1e-5,
      meaning: 'added to the variance, to keep the division finite',
      source: 'torch.nn.BatchNorm2d',
      varies: true,
      byPhase: false,
    },
    {
      name: 'momentum',
      kind: { is: 'number', from: 0, to: 1 },
      default: 0.1,
      meaning: "weight of the batch's statistics in the update of the running averages",
      source: 'torch.nn.BatchNorm2d',
      varies: true,
      byPhase: false,
    },
  ],
  typing: {
    infer(call) {
      return featureMap(call, 'x') && [call.type('x')]
    },
    parameters(call) {
      const shape = [sizeOf(call.type('x').shape, 1)]
      const one = { kind: 'constant', value: 1 } as const
      const zero = { kind: 'constant', value: 0 } as const
      return [
        { role: 'weight', shape, initializer: one, trainable: true },
        { role: 'bias', shape, initializer: zero, trainable: true },
        { role: 'running_mean', shape, initializer: zero, trainable: false },
        { role: 'running_var', shape, initializer: one, trainable: false, eps: call.number('eps') },
      ]
    },
  },
  semantics: {
    lowPrecision: true,
    batchStatistics: true,
  },
  lowering: {
    tfjs: (call) => call.runtime('batchNorm', call.input('x'), call.scope(), call.options('eps', 'momentum')),
    takesActivation: true,
    pytorch: {
      module: (call) => ({
        type: 'nn.BatchNorm2d',
        arguments: [
          { name: 'num_features', value: sizeOf(call.type('x').shape, 1), positional: true, width: true },
          { name: 'eps', value: call.number('eps'), default: 1e-5 },
          { name: 'momentum', value: call.number('momentum'), default: 0.1 },
        ],
      }),
      expression: (call) => call.module(call.input('x')),
    },
    onnx(call) {
      const roles = ['weight', 'bias', 'running_mean', 'running_var']
      const inputs = [call.input('x'), ...roles.map((role) => call.parameter(role))]
      return [call.add('BatchNormalization', inputs, { epsilon: { float: call.number('eps') } })]
    },
  },
  reference(call) {
    const x = call.tensor('x')
    const { mean, variance, count } =
      call.phase === 'training'
        ? statistics(x, (value, terms) => call.rounded(value, terms))
        : running(call.parameter('running_mean'), call.parameter('running_var'))
    if (call.phase === 'training') {
      const move = (role: string, batch: Tensor, factor: number) => {
        const old = call.parameter(role)
        const share = call.number('momentum')
        call.update(role, {
          shape: old.shape,
          data: old.data.map((value, c) => (1 - share) * value + share * at(batch, c) * factor),
        })
      }
      move('running_mean', mean, 1)
      move('running_var', variance, count / Math.max(1, count - 1))
    }
    const [batch, channels, height, width] = sizes4(x)
    const out = zeros(x.shape)
    const area = height * width
    for (let i = 0; i < batch * channels; i++) {
      const c = i % channels
      const factor = at(call.parameter('weight'), c) / Math.sqrt(at(variance, c) + call.number('eps'))
      for (let j = i * area; j < (i + 1) * area; j++)
        out.data[j] = (at(x, j) - at(mean, c)) * factor + at(call.parameter('bias'), c)
    }
    return [out]
  },
  cases: [
    { name: 'inference', inputs: { x: { shape: [2, 3, 4, 5], fill: 'random' } }, arguments: { eps: 1e-3 } },
    { name: 'training', inputs: { x: { shape: [3, 2, 3, 3], fill: 'random' } }, phase: 'training' },
    {
      name: 'training on maps of one value',
      inputs: { x: { shape: [2, 2, 3, 3], fill: 'ones' } },
      phase: 'training',
      noGradient: true,
    },
  ],
}

function running(mean: Tensor, variance: Tensor) {
  return { mean, variance, count: 0 }
}

/** Mean and biased variance of each channel over batch, height and width. */
function statistics(x: Tensor, rounded: Evaluation['rounded']): { mean: Tensor; variance: Tensor; count: number } {
  const [batch, channels, height, width] = sizes4(x)
  const count = batch * height * width
  const read = reader(x)
  const mean = zeros([channels])
  const variance = zeros([channels])
  const each = (visit: (c: number, value: number) => void) => {
    for (let b = 0; b < batch; b++)
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < height; i++) for (let j = 0; j < width; j++) visit(c, read(b, c, i, j))
  }
  each((c, value) => {
    mean.data[c] = at(mean, c) + value / count
  })
  // Subtracting the mean cancels: for a channel of one value only the mean's rounding error remains.
  for (let c = 0; c < channels; c++) mean.data[c] = rounded(at(mean, c), count)
  each((c, value) => {
    variance.data[c] = at(variance, c) + (value - at(mean, c)) ** 2 / count
  })
  return { mean, variance, count }
}
