import { passedOn } from '../backbones/published.js'
import { unknownBackbone } from '../backbones/unknown.js'
import { diagnose } from '../diagnostics/report.js'
import { match } from './arguments.js'
import { callBlock, type GivenWeights, splitPretrained } from './block_call.js'
import type { Call, Elaboration } from './elaboration.js'
import { inner } from './naming.js'
import { describe, errorValue, type Value } from './values.js'

/** The arguments of `backbone`, beside `weights` and `partial`, which every block takes, and `drop_path`, which the network's own block may take. */
export const backboneParameters = ['image', 'name', 'classes'] as const

/** The words for the weights published under the backbone's name: always, or only if the name has a tag. */
const ownWeights = 'published'
const taggedWeights = 'auto'

/**
 * Evaluates `backbone(image, "NAME")`: looks the published name up and calls the block that it belongs to. The name is a constant, so a
 * parameter of the model can select it.
 */
export function callBackbone(elaboration: Elaboration, call: Call): Value {
  const { list, pretrained } = splitPretrained(elaboration, backboneParameters, call)
  const signature = { callee: 'backbone', names: backboneParameters }
  const own = list.filter(({ name }) => name?.text !== passedOn)
  const { given, ok } = match(signature, call.piped, own, call.span, elaboration.report)
  if (!ok) return errorValue
  const [named] = given.get('name') ?? []
  if (!named || !given.has('image')) {
    const missing = named ? 'image' : 'name'
    const meaning = named ? 'images' : 'a published name, such as "resnet50"'
    elaboration.report(diagnose('missing-argument', { callee: 'backbone', name: missing, meaning }, call.span))
    return errorValue
  }
  const value = 'value' in named ? named.value : elaboration.evaluate(named.expression, call.context, inner(call.place))
  if (value.kind === 'error') return errorValue
  if (value.kind !== 'string') {
    const values = { name: '`name`', expected: 'a published name in quotes', found: describe(value) }
    elaboration.report(diagnose('wrong-type', values, named.span))
    return errorValue
  }
  const target = elaboration.backbone(value.value)
  if (!target) {
    elaboration.report(unknownBackbone(value.value, named.span))
    return errorValue
  }
  const others = list.filter((argument) => !('expression' in named) || argument.value !== named.expression)
  const weights = pretrained && weightsOf(value.value, target.name, pretrained)
  return callBlock(elaboration, target.definition, { ...call, list: others }, weights)
}

/** Returns the weights that `weights` means for a name as written and with its tag. */
function weightsOf(name: string, full: string, given: GivenWeights): GivenWeights | undefined {
  if (given.source === taggedWeights && !name.includes('.')) return undefined
  const own = given.source === ownWeights || given.source === taggedWeights
  return own ? { ...given, source: `timm/${full}` } : given
}
