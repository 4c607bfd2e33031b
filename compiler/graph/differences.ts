import { type Attribute, type Graph, type Node, type Setting, shapeText } from './graph.js'
import { type Measures, measure } from './measure.js'

/** The value of one name in either model; undefined where the name does not occur. */
export interface Change {
  readonly name: string
  readonly before?: string
  readonly after?: string
}

export interface Differences {
  /** The model's parameters, and its image steps. */
  readonly settings: readonly Change[]
  /** Operations by their path, with their inputs. A second pass on the same weights is not listed again. */
  readonly operations: readonly Change[]
  /** Arguments of operations that both have. */
  readonly arguments: readonly Change[]
  /** The output shapes of operations that both have. */
  readonly shapes: readonly Change[]
  /** Weights and statistics by name, with their shapes. */
  readonly weights: readonly Change[]
  readonly losses: readonly Change[]
  readonly training: readonly Change[]
  readonly measures: { readonly before: Measures; readonly after: Measures }
}

/** The differences between two models, by name. */
export function differences(before: Graph, after: Graph): Differences {
  return {
    settings: changes(settingsOf(before), settingsOf(after)),
    operations: changes(operationsOf(before), operationsOf(after)),
    arguments: changesOfBoth(argumentsOfNodes(before), argumentsOfNodes(after)),
    shapes: changesOfBoth(shapesOf(before), shapesOf(after)),
    weights: changes(weightsOf(before), weightsOf(after)),
    losses: changes(lossesOf(before), lossesOf(after)),
    training: changes(trainingOf(before), trainingOf(after)),
    measures: { before: measure(before), after: measure(after) },
  }
}

type Entries = ReadonlyMap<string, string>

function changes(before: Entries, after: Entries): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === now) return []
    return [{ name, ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) }]
  })
}

function changesOfBoth(before: Entries, after: Entries): Change[] {
  return changes(before, after).filter((change) => change.before !== undefined && change.after !== undefined)
}

function settingsOf({ settings, image, labels, views }: Graph): Entries {
  return new Map([
    ...Object.entries(settings).map(([name, value]): [string, string] => [name, String(value)]),
    [
      `input ${image.name}`,
      `${image.channels} x ${image.height} x ${image.width}: ${image.steps.map(settingText).join(', ')}`,
    ],
    ...labels.map(({ name, kind, size }): [string, string] => [
      `input ${name}`,
      `${size} ${{ Class: 'classes', Labels: 'labels', Value: size === 1 ? 'value' : 'values' }[kind]}`,
    ]),
    ...views.map(({ name, size, steps }): [string, string] => [
      `input ${name}`,
      `3 x ${size} x ${size}: ${steps.map(settingText).join(', ')}`,
    ]),
  ])
}

/** Nodes that compute, except for further passes with the same weights. */
function listedNodes({ nodes, frames }: Graph): Node[] {
  const again = (id: number | undefined): boolean => {
    const frame = id === undefined ? undefined : frames[id]
    return frame !== undefined && (frame.path.join('.') !== frame.parameterPath.join('.') || again(frame.parent))
  }
  return nodes.filter(({ inputs, frame }) => inputs.length > 0 && !again(frame))
}

function operationsOf(graph: Graph): Entries {
  return new Map(
    listedNodes(graph).map(({ path, operation, inputs }) => {
      const from = inputs.map(({ argument, value }) => `${argument} = ${graph.nodes[value.node]?.path.join('.')}`)
      return [path.join('.'), `${operation}(${from.join(', ')})`]
    }),
  )
}

function argumentsOfNodes(graph: Graph): Entries {
  return new Map(
    listedNodes(graph).flatMap(({ path, attributes }) =>
      Object.entries(attributes).map(([name, value]) => [`${path.join('.')} ${name}`, attributeText(value)] as const),
    ),
  )
}

function shapesOf(graph: Graph): Entries {
  return new Map(
    listedNodes(graph).flatMap(({ path, outputs: [output] }) =>
      output ? [[path.join('.'), shapeText(output)] as const] : [],
    ),
  )
}

function weightsOf({ parameters }: Graph): Entries {
  return new Map([...parameters.values()].map(({ name, shape }) => [name, shape.join(' x ') || 'one number']))
}

/** Each loss with the operations that compute it, in order. */
function lossesOf({ losses, nodes }: Graph): Entries {
  return new Map(
    losses.map(({ name }) => [
      name,
      nodes.flatMap(({ path, operation }) => (path[0] === 'loss' && path[1] === name ? [operation] : [])).join(', '),
    ]),
  )
}

function trainingOf({ plan }: Graph): Entries {
  const { optimizer, schedule, average, sampler, cache, groups, augment, mix, steps, ...plain } = plan
  const lists = Object.entries({ augment, mix }).flatMap(([name, list]): [string, string][] =>
    list ? [[name, list.map(settingText).join(', ')]] : [],
  )
  return new Map([
    ...Object.entries(plain).map(([name, value]): [string, string] => [name, String(value)]),
    ...Object.entries({ optimizer, schedule, average }).flatMap(([name, setting]): [string, string][] =>
      setting ? [[name, setting.name], ...argumentsOf(name, setting)] : [],
    ),
    ...(sampler ? [['sampler', `${sampler.classes} classes, ${sampler.images} images each`] as const] : []),
    ...Object.entries(cache ?? {}).map(([name, value]): [string, string] => [`cache.${name}`, String(value)]),
    ...groups.map(({ name, ...group }): [string, string] => [name, JSON.stringify(group)]),
    ...(steps ? [['steps', stepsText(steps)] as const] : []),
    ...lists,
  ])
}

/** As in the train block: [first, second + third] */
function stepsText(steps: readonly (readonly string[])[]): string {
  return `[${steps.map((losses) => losses.join(' + ')).join(', ')}]`
}

/** `optimizer.rate`, as --train calls it. */
function argumentsOf(name: string, setting: Setting): [string, string][] {
  return Object.entries(setting.arguments).map(([argument, value]) => [`${name}.${argument}`, String(value)])
}

function settingText({ name, arguments: given }: Setting): string {
  const list = Object.entries(given).map(([argument, value]) => `${argument} = ${String(value)}`)
  return list.length === 0 ? name : `${name}(${list.join(', ')})`
}

function attributeText(value: Attribute): string {
  if (typeof value !== 'object') return String(value)
  if (!('kind' in value)) return `[${value.join(', ')}]`
  return value.kind === 'uniform'
    ? `uniform(${value.low}, ${value.high})`
    : `training ? ${attributeText(value.training)} : ${attributeText(value.evaluation)}`
}
