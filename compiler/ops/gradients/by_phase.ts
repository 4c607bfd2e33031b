import { shapeText } from '../../graph/graph.js'
import { inTraining } from '../../targets/pytorch/expression.js'
import type { Operation } from '../operation.js'
import { tensorArgument } from '../support/arguments.js'
import { sameShape } from '../support/shapes.js'

export const byPhase: Operation = {
  name: 'by_phase',
  documentation: {
    summary: 'Selects one tensor in training and another in inference.',
    details: 'Usually written `training ? a : b`. Between two constants the same expression selects a constant.',
    example: 'guide = training ? random_map(attention) : mean(attention)',
  },
  arguments: [
    tensorArgument('training', 'the value in training'),
    tensorArgument('evaluation', 'the value in inference, including the exported file'),
  ],
  typing: {
    infer(call) {
      const types = [call.type('training'), call.type('evaluation')] as const
      if (!sameShape(...types))
        return call.fail('shape-mismatch', { callee: '`training ? a : b`', shapes: types.map(shapeText) }, [
          'training',
          'evaluation',
        ])
      return [types[0]]
    },
  },
  semantics: {
    preserves: ['probabilities', 'unit length', 'enlarged'],
    identityInInference: 'evaluation',
    takesPairs: true,
  },
  lowering: {
    layout: 'preserved',
    tfjs: (call) => ({
      kind: 'conditional',
      condition: { kind: 'variable', name: 'at', property: 'training' },
      whenTrue: call.input('training'),
      whenFalse: call.input('evaluation'),
    }),
    pytorch: {
      underAutocast: 'as it comes',
      expression: (call) => inTraining(call.input('training'), call.input('evaluation')),
    },
    onnx: (call) => [call.add('Identity', [call.input('evaluation')])],
  },
  reference: (call) => [call.tensor(call.phase === 'training' ? 'training' : 'evaluation')],
  cases: [
    {
      name: 'inference',
      inputs: { training: { shape: [2, 3], fill: 'zeros' }, evaluation: { shape: [2, 3], fill: 'random' } },
    },
    {
      name: 'training',
      inputs: { training: { shape: [2, 3], fill: 'random' }, evaluation: { shape: [2, 3], fill: 'zeros' } },
      phase: 'training',
    },
  ],
}
