import { publishedBackbone } from '../../backbones/published.js'
import type { CompileTimeFunction } from './function.js'

export const backboneFunctions: readonly CompileTimeFunction[] = [
  {
    name: 'image_size',
    summary: 'Returns the height and width, in pixels, of the images that a published backbone was evaluated with.',
    example: 'side = image_size("vit_small_patch14_dinov2.lvd142m")',
    parameters: [{ name: 'name', meaning: 'the name of a published backbone' }],
    evaluate(call) {
      const name = call.argument('name')?.value
      if (name?.kind !== 'string') return call.wrong('name', 'the name of a published backbone, in quotes')
      const backbone = publishedBackbone(name.value)
      return backbone ? { kind: 'number', value: backbone.size } : call.unknownBackbone('name', name.value)
    },
  },
]
