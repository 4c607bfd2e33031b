import * as z from 'zod'

/** A published network of test/parity/networks.json: the block that computes it, and the arguments that the block needs. */
export const listedNetwork = z.object({
  import: z.string(),
  library: z.enum(['timm', 'torchvision']),
  size: z.number(),
  block: z.string().optional(),
  /** The name of the network in its library, where the entry has another one. */
  model: z.string().optional(),
  /** Options with which record.py builds it. */
  options: z.record(z.string(), z.json()).optional(),
  arguments: z.record(z.string(), z.json()).default({}),
  taps: z.array(z.string()),
  training: z.object({ size: z.number(), batch: z.number() }).optional(),
})
export type ListedNetwork = z.infer<typeof listedNetwork>

/** A spec that is nothing but a published backbone with its own classifier, and the taps as further answers. */
export function backboneSpec(
  name: string,
  { import: file, block = name, arguments: values }: ListedNetwork,
  size: number,
  taps: readonly string[] = [],
): string {
  const given = Object.entries(values).map(([argument, value]) => `, ${argument} = ${JSON.stringify(value)}`)
  return `import ${block} from "${file}"
model parity(classes = 1000) {
  input image: Image[3, ${size}, ${size}]
  input label: Class[classes]
  branch net(image) { trunk = ${block}(image, classes${given.join('')}) }
  loss { error = cross_entropy(net.trunk, label) }
  predict output = net.trunk
${taps.map((one, index) => `  predict tap${index} = net.trunk.${one}`).join('\n')}
}
`
}
