import type {
  OnnxAttribute,
  OnnxConstant,
  OnnxFunction,
  OnnxInnerValue,
  OnnxNode,
  OnnxProgram,
  OnnxSubgraph,
  OnnxValue,
} from './program.js'

/** The number of values of a constant that are listed; longer ones are truncated. */
const mostValues = 16

/** Returns a program as readable text, similar to ONNX's textual syntax. Weights are listed by name and shape. */
export function onnxListing(program: OnnxProgram): string {
  const { name, opset, inputs, outputs, nodes, constants, weights, functions = [] } = program
  return `${[
    `// opset ${opset}, ${nodes.length} operations`,
    `${name} (${typed(inputs)}) => (${typed(outputs)}) {`,
    ...section('weights', [...weights.values()].map(typeOf)),
    ...section('constants', [...constants.values()].map(constantLine)),
    ...nodes.flatMap((node) => nodeLines(node, '  ')),
    '}',
    ...functions.flatMap(functionLines),
  ].join('\n')}\n`
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`  // ${title}`, ...lines.map((line) => `  ${line}`), '']
}

function typed(values: readonly OnnxValue[]): string {
  return values.map(typeOf).join(', ')
}

function typeOf({ element, shape, name }: Pick<OnnxValue, 'element' | 'shape' | 'name'>): string {
  return `${element}[${shape.join(', ')}] ${quoted(name)}`
}

/** A name that is no identifier of ONNX's syntax is in quotes. */
function quoted(name: string): string {
  return /^[A-Za-z_][\w./]*$/.test(name) ? name : JSON.stringify(name)
}

function constantLine(constant: OnnxConstant): string {
  return `${typeOf(constant)} = ${valuesText(constant)}`
}

function valuesText({ values }: OnnxConstant): string {
  const shown = values.slice(0, mostValues).join(', ')
  return values.length > mostValues ? `{${shown}, ... ${values.length} values}` : `{${shown}}`
}

function nodeLines({ operator, domain, inputs, outputs, attributes }: OnnxNode, indent: string): string[] {
  const plain: string[] = []
  const bodies: [string, OnnxSubgraph][] = []
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'object' && 'graph' in value) bodies.push([name, value.graph])
    else plain.push(`${name} = ${attributeText(value)}`)
  }
  const callee = domain === undefined ? operator : `${domain}.${operator}`
  const settings = plain.length > 0 ? ` <${plain.join(', ')}>` : ''
  const call = `${indent}${outputs.map(quoted).join(', ')} = ${callee}${settings} (${inputs.map((name) => (name === '' ? '' : quoted(name))).join(', ')})`
  return [
    call,
    ...bodies.flatMap(([name, { inputs: taken, outputs: made, nodes }]) => [
      `${indent}  ${name} (${inner(taken)}) => (${inner(made)}) {`,
      ...nodes.flatMap((node) => nodeLines(node, `${indent}    `)),
      `${indent}  }`,
    ]),
  ]
}

function inner(values: readonly OnnxInnerValue[]): string {
  return values.map((value) => ('element' in value ? typeOf(value) : quoted(value.name))).join(', ')
}

function attributeText(value: Exclude<OnnxAttribute, { readonly graph: OnnxSubgraph }>): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string') return JSON.stringify(value)
  if ('float' in value) return Number.isInteger(value.float) ? value.float.toFixed(1) : String(value.float)
  if ('element' in value) return value.element
  if ('tensor' in value) return `${value.tensor.element}[${value.tensor.shape.join(', ')}] ${valuesText(value.tensor)}`
  return `[${value.join(', ')}]`
}

function functionLines({ name, inputs, outputs, nodes }: OnnxFunction): string[] {
  return [
    '',
    `${quoted(name)} (${inputs.map(quoted).join(', ')}) => (${outputs.map(quoted).join(', ')}) {`,
    ...nodes.flatMap((node) => nodeLines(node, '  ')),
    '}',
  ]
}
