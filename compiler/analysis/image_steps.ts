import type { Input } from '../../grammar/tree.js'
import { diagnose } from '../diagnostics/report.js'
import type { Setting } from '../graph/graph.js'
import { settings } from '../training/settings.js'
import type { Context } from './elaboration.js'
import type { Elaborator } from './elaborator.js'
import { setting, standardSetting } from './settings.js'

/** The preprocessing of every image. Without a list of steps, the image is stretched to the input size and scaled to -1 to 1. */
export function imageSteps(elaborator: Elaborator, input: Input, context: Context, size: number): readonly Setting[] {
  const normalize = standardSetting(elaborator, 'normalize')
  if (!input.steps) return [standardSetting(elaborator, 'resize', { size }), normalize]
  const steps = input.steps.flatMap((step) => setting(elaborator, step, context, 'image step') ?? [])
  const complete = steps.some(({ name }) => name === 'normalize') ? steps : [...steps, normalize]
  if (steps.length === input.steps.length) checkSize(elaborator, complete, size, input.span)
  return complete
}

/** Reports image steps that do not end in images of a size. */
export function checkSize(elaborator: Elaborator, steps: readonly Setting[], size: number, span: Input['span']): void {
  const sized = steps.flatMap((step) => {
    const argument = settings.get(step.name)?.resizesTo
    return argument ? [step.arguments[argument]] : []
  })
  const last = sized.at(-1)
  if (last !== size)
    elaborator.report(
      diagnose(
        'wrong-input',
        {
          what:
            last === undefined
              ? `no step brings the image to ${size} x ${size}`
              : `the steps end at ${last} x ${last}, but the input is ${size} x ${size}`,
        },
        span,
      ),
    )
}
