import { elementAt, present } from '../../../../grammar/present.js'
import { type Frame, type Graph, typeOf } from '../../../graph/graph.js'
import { elementTypes } from '../element_types.js'
import {
  answerNames,
  consumersOf,
  type OnnxElement,
  type OnnxNode,
  type OnnxProgram,
  type OnnxSubgraph,
  usesOf,
  withInputs,
  withNames,
} from '../program.js'
import { ValueNames } from '../value_names.js'

/** The nodes of a program that belong to the two passes, and between them. */
interface TwoPasses {
  /** The input of the first pass and that of the second. */
  readonly images: readonly [string, string]
  /** Nodes of the first pass that the second one repeats. */
  readonly first: ReadonlySet<OnnxNode>
  readonly second: ReadonlySet<OnnxNode>
  /** Values of the second pass, by the ones of the first that they repeat. */
  readonly repeats: ReadonlyMap<string, string>
  /** Nodes between the output of the first pass and the input of the second: localisation and the crop. */
  readonly between: ReadonlySet<OnnxNode>
}

/**
 * Needs: a finished program; the outermost two calls that share their weights. Leaves: one Loop of two rounds around one copy of these calls' nodes,
 * with what lies between them in its first round. Returns the program unchanged if no two calls match.
 */
export function fusePasses(program: OnnxProgram, graph: Graph): OnnxProgram {
  for (const frames of sharingCalls(graph)) {
    const found = findPasses(program, graph, frames)
    if (found) return looped(program, found)
  }
  return program
}

/** Pairs of calls with one set of weights, the outermost first. */
function sharingCalls({ frames }: Graph): (readonly [Frame, Frame])[] {
  const place = (path: readonly string[]) => path.join('/')
  return frames
    .flatMap((second) => {
      const first = frames.find(({ path }) => place(path) === place(second.parameterPath))
      return first && first !== second ? [[first, second] as const] : []
    })
    .sort(([a], [b]) => a.path.length - b.path.length)
}

function findPasses(
  program: OnnxProgram,
  graph: Graph,
  [firstFrame, secondFrame]: readonly [Frame, Frame],
): TwoPasses | undefined {
  if (!takeSameShapes(firstFrame, secondFrame, graph)) return undefined
  const inFirst = program.nodes.filter((node) => isWithin(node, firstFrame, graph))
  const inSecond = program.nodes.filter((node) => isWithin(node, secondFrame, graph))
  const given = [tensorsInto(inFirst, program), tensorsInto(inSecond, program)] as const
  const [firstImage, ...others] = [...given[0]].filter((name) => !given[1].has(name))
  const [secondImage, ...more] = [...given[1]].filter((name) => !given[0].has(name))
  if (firstImage === undefined || secondImage === undefined || others.length + more.length > 0) return undefined
  const byKey = new Map(inFirst.map((node) => [keyOf(node), node]))
  const originals = new Map([[secondImage, firstImage]])
  const [first, second] = [new Set<OnnxNode>(), new Set<OnnxNode>()]
  const repeats = new Map<string, string>()
  for (const node of inSecond) {
    const original = byKey.get(keyOf(withInputs(node, (name) => originals.get(name) ?? name)))
    // Two nodes of the second pass may repeat one of the first: only one of them can be its second round.
    if (!original || first.has(original)) continue
    first.add(original)
    second.add(node)
    for (const [index, name] of node.outputs.entries()) {
      const output = elementAt(original.outputs, index)
      originals.set(name, output)
      repeats.set(output, name)
    }
  }
  if (first.size === 0) return undefined
  const between = pathBetween(program.nodes, first, secondImage)
  return { images: [firstImage, secondImage], first, second, repeats, between }
}

/** Values that enter or leave a loop must have the same shape in each iteration. */
function takeSameShapes(first: Frame, second: Frame, graph: Graph): boolean {
  const shapes = ({ inputs }: Frame) =>
    JSON.stringify(inputs.map(({ value }) => typeOf(graph, value).shape.map(({ size }) => size ?? 'batch')))
  return shapes(first) === shapes(second)
}

function isWithin({ origin }: OnnxNode, frame: Frame, graph: Graph): boolean {
  let id = origin === undefined ? undefined : graph.nodes[origin]?.frame
  while (id !== undefined && id !== frame.id) id = graph.frames[id]?.parent
  return id === frame.id
}

/** Inputs of the nodes that are neither computed by them nor constants or weights. */
function tensorsInto(nodes: readonly OnnxNode[], { constants, weights }: OnnxProgram): Set<string> {
  const own = new Set(nodes.flatMap(({ outputs }) => outputs))
  const outside = nodes.flatMap(usesOf).filter((name) => !own.has(name) && !constants.has(name) && !weights.has(name))
  return new Set(outside)
}

function keyOf({ operator, domain, inputs, outputs, attributes }: OnnxNode): string {
  return JSON.stringify([operator, domain, inputs, outputs.length, attributes])
}

/** Nodes that need something of the first pass, and that `target` needs. */
function pathBetween(nodes: readonly OnnxNode[], first: ReadonlySet<OnnxNode>, target: string): Set<OnnxNode> {
  const after = new Set<string>()
  for (const node of nodes)
    if (first.has(node) || usesOf(node).some((name) => after.has(name)))
      for (const name of node.outputs) after.add(name)
  const needed = new Set([target])
  const between = new Set<OnnxNode>()
  for (const node of nodes.toReversed()) {
    if (first.has(node) || !node.outputs.some((name) => needed.has(name) && after.has(name))) continue
    between.add(node)
    for (const name of usesOf(node)) needed.add(name)
  }
  return between
}

/** Values of the two passes and of what is between them that something else takes, or that are answers. */
function seenOutside(program: OnnxProgram, { first, second, between }: TwoPasses) {
  const consumers = consumersOf(program.nodes)
  const answers = answerNames(program)
  const seen = (nodes: ReadonlySet<OnnxNode>, inside: (node: OnnxNode) => boolean) =>
    [...nodes]
      .flatMap(({ outputs }) => outputs)
      .filter((name) => answers.has(name) || consumers(name).some((node) => !inside(node)))
  const withBetween = (node: OnnxNode) => first.has(node) || between.has(node)
  return {
    first: seen(first, withBetween),
    second: new Set(seen(second, (node) => second.has(node))),
    // The second image goes into the second pass, which is the loop itself.
    between: seen(between, (node) => between.has(node) || second.has(node)),
  }
}

/** Outputs of the loop. */
interface Leaving {
  /** Of what is between the passes, beside the second image: handed from round to round. */
  readonly carried: readonly string[]
  /** Of the passes: one value a round, by the first pass's names. */
  readonly stacked: readonly string[]
  /** The second pass's names of stacked values that something takes. */
  readonly second: ReadonlySet<string>
  readonly first: ReadonlySet<string>
}

function leaving(program: OnnxProgram, passes: TwoPasses): Leaving {
  const { first, second, between } = seenOutside(program, passes)
  const stacked = [...passes.first]
    .flatMap(({ outputs }) => outputs)
    .filter((name) => first.includes(name) || second.has(present(passes.repeats.get(name), name)))
  return { carried: between.filter((name) => name !== passes.images[1]), stacked, first: new Set(first), second }
}

const carriedElements: readonly OnnxElement[] = ['float', 'float16', 'int64', 'bool']

/** Names inside the loop and of what leaves it, beside those of the program. */
interface LoopNames {
  readonly index: string
  readonly go: string
  readonly image: string
  readonly count: string
  readonly start: string
  readonly firstIndex: string
  readonly secondIndex: string
  /** Initial values of loop-carried dependencies, by element type. */
  readonly nothing: (element: OnnxElement) => string
  /** The name of the loop-carried image after the last iteration. */
  readonly lastImage: string
  readonly free: (wanted: string) => string
}

function loopNames(program: OnnxProgram, { images, between }: TwoPasses): LoopNames {
  const names = ValueNames.beside(program)
  const free = (wanted: string) => names.free(wanted)
  const nothing = new Map(
    carriedElements.map((element) => [element, free(element === 'float' ? 'pass/nothing' : `pass/nothing_${element}`)]),
  )
  const foundInside = [...between].some(({ outputs }) => outputs.includes(images[1]))
  return {
    index: free('pass/index'),
    go: free('pass/go'),
    image: free('pass/image'),
    count: free('pass/count'),
    start: free('pass/start'),
    firstIndex: free('pass/first_index'),
    secondIndex: free('pass/second_index'),
    nothing: (element) => present(nothing.get(element), element),
    // The second round keeps its image: it is the last one. An image that does not come from the first pass has its name already.
    lastImage: foundInside ? images[1] : free('passes/image'),
    free,
  }
}

function looped(program: OnnxProgram, passes: TwoPasses): OnnxProgram {
  const { images, first, second, repeats, between } = passes
  const out = leaving(program, passes)
  const names = loopNames(program, passes)
  const types = elementTypes(program)
  const carried = out.carried.map((name) => present(types.get(name), name))
  const stacks = new Map(out.stacked.map((name) => [name, names.free(`passes/${name}`)]))
  const loop = plain(
    'Loop',
    [names.count, names.start, images[0], ...carried.map(names.nothing)],
    [names.lastImage, ...out.carried, ...stacks.values()],
    { body: { graph: bodyOf(program, passes, out, names) } },
  )
  const taken = [...stacks].flatMap(([name, stack]) => {
    const repeat = repeats.get(name)
    return [
      ...(out.first.has(name) ? [plain('Gather', [stack, names.firstIndex], [name])] : []),
      ...(repeat !== undefined && out.second.has(repeat)
        ? [plain('Gather', [stack, names.secondIndex], [repeat])]
        : []),
    ]
  })
  const inside = new Set([...first, ...second, ...between])
  const left = program.nodes.filter((node) => !inside.has(node))
  const before = independentOf(left, new Set([...inside].flatMap(({ outputs }) => outputs)))
  const constant = (name: string, element: OnnxElement, value: number) =>
    [name, { name, element, shape: [], values: [value] }] as const
  return {
    ...program,
    nodes: [
      ...left.filter((node) => before.has(node)),
      { ...loop, name: 'passes' },
      ...taken,
      ...left.filter((node) => !before.has(node)),
    ],
    constants: new Map([
      ...program.constants,
      constant(names.count, 'int64', 2),
      constant(names.start, 'bool', 1),
      constant(names.firstIndex, 'int64', 0),
      constant(names.secondIndex, 'int64', 1),
      // Replaced in the first round.
      ...[...new Set(carried)].map((element) => constant(names.nothing(element), element, 0)),
    ]),
  }
}

/** One round: the pass, then in the first round the way to the second image. */
function bodyOf(
  program: OnnxProgram,
  passes: TwoPasses,
  { carried, stacked }: Leaving,
  names: LoopNames,
): OnnxSubgraph {
  const { images, first, between } = passes
  const { free } = names
  const renamed = new Map(
    [...first, ...between].flatMap(({ outputs }) => outputs.map((name) => [name, free(`pass/${name}`)])),
  )
  const inner = (name: string) => (name === images[0] ? names.image : (renamed.get(name) ?? name))
  const moved = (chosen: ReadonlySet<OnnxNode>) =>
    program.nodes.filter((node) => chosen.has(node)).map((node) => withNames(node, inner))
  const named = (list: readonly string[]) => list.map((name) => ({ name }))
  const carriedBefore = carried.map((name) => free(`pass/before/${name}`))
  const carriedNext = carried.map((name) => free(`pass/next/${name}`))
  // The outputs of a branch must be computed in it.
  const cropped = free('pass/cropped_image')
  const crop = {
    name: 'pass/crop',
    inputs: [],
    outputs: named([cropped, ...carried.map(inner)]),
    nodes: [...moved(between), plain('Identity', [inner(images[1])], [cropped])],
  }
  const sameImage = free('pass/same_image')
  const same = carried.map((name) => free(`pass/same/${name}`))
  const keep = {
    name: 'pass/keep',
    inputs: [],
    outputs: named([sameImage, ...same]),
    nodes: [
      plain('Identity', [names.image], [sameImage]),
      ...same.map((name, index) => plain('Identity', [elementAt(carriedBefore, index)], [name])),
    ],
  }
  const next = [free('pass/next_image'), ...carriedNext]
  const [isFirst, goOn] = [free('pass/is_first'), free('pass/go_on')]
  return {
    name: 'pass',
    inputs: [
      { name: names.index, element: 'int64', shape: [] },
      { name: names.go, element: 'bool', shape: [] },
      ...named([names.image, ...carriedBefore]),
    ],
    outputs: named([goOn, ...next, ...stacked.map(inner)]),
    nodes: [
      ...moved(first),
      plain('Equal', [names.index, names.firstIndex], [isFirst]),
      plain('If', [isFirst], next, { then_branch: { graph: crop }, else_branch: { graph: keep } }),
      plain('Identity', [names.go], [goOn]),
    ],
  }
}

/** The nodes that need none of the names, neither themselves nor through others. */
function independentOf(nodes: readonly OnnxNode[], names: ReadonlySet<string>): Set<OnnxNode> {
  const dependent = new Set(names)
  const free = new Set<OnnxNode>()
  for (const node of nodes)
    if (usesOf(node).some((name) => dependent.has(name))) for (const name of node.outputs) dependent.add(name)
    else free.add(node)
  return free
}

function plain(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: OnnxNode['attributes'] = {},
): OnnxNode {
  return { operator, name: elementAt(outputs, 0), inputs, outputs, attributes }
}
