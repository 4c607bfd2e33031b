import type { CompileTimeFunction } from './function.js'

/** The teacher as in Mean Teacher (Tarvainen and Valpola 2017) and of DINO (Caron et al. 2021). */
export const ema: CompileTimeFunction = {
  name: 'ema',
  summary:
    'Runs a branch or a block once more on the same tensors, with weights that are the exponential moving average of its own. They begin with the same values, receive no gradient, and become decay average + (1 - decay) weight after each step; running statistics likewise. It runs in inference mode: batch norm with running averages, no dropout.',
  example: 'teacher = ema(master, 99.6%)',
  makesWeights: true,
  parameters: [
    { name: 'x', meaning: 'a branch, or the call of a block' },
    { name: 'decay', meaning: 'weight of the previous average in each step, from 0 to below 1' },
  ],
  evaluate(call) {
    const decay = call.number('decay')
    if (decay === undefined) return undefined
    if (decay < 0 || decay >= 1) return call.wrong('decay', 'a number from 0 to below 1, such as 99.6%')
    return call.average('x', decay)
  },
}
