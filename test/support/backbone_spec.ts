/** A spec that is nothing but a published backbone with its own classifier, and the taps as further answers. */
export function backboneSpec(name: string, file: string, size: number, taps: readonly string[] = []): string {
  return `import ${name} from "${file}"
model parity(classes = 1000) {
  input image: Image[3, ${size}, ${size}]
  input label: Class[classes]
  branch net(image) { trunk = ${name}(image, classes) }
  loss { error = cross_entropy(net.trunk, label) }
  predict output = net.trunk
${taps.map((one, index) => `  predict tap${index} = net.trunk.${one}`).join('\n')}
}
`
}
