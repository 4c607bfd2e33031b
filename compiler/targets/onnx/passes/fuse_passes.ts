import type { Frame, Graph } from '../../../graph/graph.js'
import {
  answerNames,
  consumersOf,
  type OnnxNode,
  type OnnxProgram,
  type OnnxSubgraph,
  usesOf,
  withInputs,
  withNames,
} from '../program.js'

/** Which nodes of a program belong to the two passes, and what lies between them. */
interface TwoPasses {
  /** What goes into the first pass and into the second. */
  readonly images: readonly [string, string]
  /** Nodes of the first pass that the second one repeats. */
  readonly first: ReadonlySet<OnnxNode>
  readonly second: ReadonlySet<OnnxNode>
  /** Values of the second pass, by the ones of the first that they repeat. */
  readonly repeats: ReadonlyMap<string, string>
  /** From what the first pass gives to what goes into the second: the search for the part, and the crop. */
  readonly between: ReadonlySet<OnnxNode>
}

/**
 * Needs: a finished program; the outermost two calls that share their weights. Leaves: one Loop of two rounds around one copy of these
 * calls' nodes, with what lies between them in its first round. Gives the program back as it was when no two calls fit.
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
    if (!original) continue
    first.add(original)
    second.add(node)
    for (const [index, name] of node.outputs.entries()) {
      originals.set(name, original.outputs[index] ?? '')
      repeats.set(original.outputs[index] ?? '', name)
    }
  }
  if (first.size === 0) return undefined
  const between = pathBetween(program.nodes, first, secondImage)
  return { images: [firstImage, secondImage], first, second, repeats, between }
}

function isWithin({ origin }: OnnxNode, frame: Frame, graph: Graph): boolean {
  let id = origin === undefined ? undefined : graph.nodes[origin]?.frame
  while (id !== undefined && id !== frame.id) id = graph.frames[id]?.parent
  return id === frame.id
}

/** What nodes take that is neither theirs nor a constant or weight. */
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
      .filter((name) => answers.has(name) || consumers.get(name)?.some((node) => !inside(node)))
  const withBetween = (node: OnnxNode) => first.has(node) || between.has(node)
  return {
    first: seen(first, withBetween),
    second: new Set(seen(second, (node) => second.has(node))),
    // The second image goes into the second pass, which is the loop itself.
    between: seen(between, (node) => between.has(node) || second.has(node)),
  }
}

/** What leaves the loop. */
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
    .filter((name) => first.includes(name) || second.has(passes.repeats.get(name) ?? ''))
  return { carried: between.filter((name) => name !== passes.images[1]), stacked, first: new Set(first), second }
}

function looped(program: OnnxProgram, passes: TwoPasses): OnnxProgram {
  const { images, first, second, repeats, between } = passes
  const out = leaving(program, passes)
  const loop = plain(
    'Loop',
    ['pass/count', 'pass/start', images[0], ...out.carried.map(() => 'pass/nothing')],
    // The second round keeps its image: it is the last one.
    [images[1], ...out.carried, ...out.stacked.map((name) => `passes/${name}`)],
    { body: { graph: bodyOf(program, passes, out) } },
  )
  const take = (name: string, round: 'first' | 'second', as: string) =>
    plain('Gather', [`passes/${name}`, `pass/${round}_index`], [as])
  const taken = out.stacked.flatMap((name) => {
    const repeat = repeats.get(name) ?? ''
    return [
      ...(out.first.has(name) ? [take(name, 'first', name)] : []),
      ...(out.second.has(repeat) ? [take(name, 'second', repeat)] : []),
    ]
  })
  const inside = new Set([...first, ...second, ...between])
  const left = program.nodes.filter((node) => !inside.has(node))
  const before = independentOf(left, new Set([...inside].flatMap(({ outputs }) => outputs)))
  const constant = (name: string, element: 'int64' | 'bool' | 'float', value: number) =>
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
      constant('pass/count', 'int64', 2),
      constant('pass/start', 'bool', 1),
      constant('pass/first_index', 'int64', 0),
      constant('pass/second_index', 'int64', 1),
      // What the first round replaces.
      ...(out.carried.length > 0 ? [constant('pass/nothing', 'float', 0)] : []),
    ]),
  }
}

/** One round: the pass, then in the first round the way to the second image. Names inside have `pass/` before them. */
function bodyOf(program: OnnxProgram, passes: TwoPasses, { carried, stacked }: Leaving): OnnxSubgraph {
  const { images, first, between } = passes
  const own = new Set([...first, ...between].flatMap(({ outputs }) => outputs))
  const inner = (name: string) => (name === images[0] ? 'pass/image' : own.has(name) ? `pass/${name}` : name)
  const moved = (chosen: ReadonlySet<OnnxNode>) =>
    program.nodes.filter((node) => chosen.has(node)).map((node) => withNames(node, inner))
  const named = (names: readonly string[]) => names.map((name) => ({ name }))
  const crop = {
    name: 'pass/crop',
    inputs: [],
    outputs: named([images[1], ...carried].map(inner)),
    nodes: moved(between),
  }
  const keep = {
    name: 'pass/keep',
    inputs: [],
    outputs: named(['pass/same_image', ...carried.map((name) => `pass/same/${name}`)]),
    nodes: [
      plain('Identity', ['pass/image'], ['pass/same_image']),
      ...carried.map((name) => plain('Identity', [`pass/before/${name}`], [`pass/same/${name}`])),
    ],
  }
  const next = ['pass/next_image', ...carried.map((name) => `pass/next/${name}`)]
  return {
    name: 'pass',
    inputs: [
      { name: 'pass/index', element: 'int64', shape: [] },
      { name: 'pass/go', element: 'bool', shape: [] },
      ...named(['pass/image', ...carried.map((name) => `pass/before/${name}`)]),
    ],
    outputs: named(['pass/go_on', ...next, ...stacked.map(inner)]),
    nodes: [
      ...moved(first),
      plain('Equal', ['pass/index', 'pass/first_index'], ['pass/is_first']),
      plain('If', ['pass/is_first'], next, { then_branch: { graph: crop }, else_branch: { graph: keep } }),
      plain('Identity', ['pass/go'], ['pass/go_on']),
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
  return { operator, name: outputs[0] ?? operator, inputs, outputs, attributes }
}
