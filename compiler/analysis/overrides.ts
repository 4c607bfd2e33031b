import { parse, type SyntaxProblem } from '../../grammar/parse.js'
import type { Binding, Expression, Model } from '../../grammar/tree.js'
import { trainSettings } from '../training/loop.js'
import { settings } from '../training/settings.js'

/** Settings of a train block that were given outside of the spec: `accumulate=4`, `optimizer=adam(rate=1e-3)`, `optimizer.rate=0.01`. */
export interface Overridden {
  readonly model: Model
  readonly problems: readonly SyntaxProblem[]
  /** The texts that spans of these point into, by source. */
  readonly texts: ReadonlyMap<string, string>
}

type CallArguments = Extract<Expression, { kind: 'call' }>['arguments']

const head = 'model settings { train {\n'
const dotted = /^\s*([A-Za-z_]\w*)\.(?=[A-Za-z_]\w*\s*=)/

/** Returns the model with its settings replaced; later overrides take precedence. */
export function override(model: Model, overrides: readonly string[]): Overridden {
  let changed = model
  const problems: SyntaxProblem[] = []
  const texts = new Map<string, string>()
  for (const text of overrides) {
    const [prefix = '', setting] = dotted.exec(text) ?? []
    const source = `--train '${text}'`
    // The grammar parses whole files; messages show only the setting's line.
    const parsed = parse(source, `${head}${text.slice(prefix.length)}\n} }`)
    texts.set(source, parsed.file.text)
    problems.push(...parsed.problems)
    const given = parsed.file.models[0]?.training ?? []
    const bindings = setting === undefined ? given : given.map((argument) => withArgument(changed, setting, argument))
    changed = { ...changed, training: [...changed.training, ...bindings] }
  }
  return { model: changed, problems, texts }
}

/** `optimizer.rate=0.01`: the optimizer as it was, with another rate. */
function withArgument({ training }: Model, setting: string, argument: Binding): Binding {
  const { span } = argument
  const value = training.findLast(({ name }) => name.text === setting)?.value ?? standard(setting, span)
  const [callee, list] = value.kind === 'call' ? [value.callee, value.arguments] : [value, []]
  const others = named(callee, list).filter(({ name }) => name?.text !== argument.name.text)
  return {
    kind: 'binding',
    name: { text: setting, span },
    value: {
      kind: 'call',
      callee,
      arguments: [...others, { name: argument.name, value: argument.value, span }],
      span: value.span,
    },
    span,
  }
}

/** The arguments of a setting, those without a name under the name of their place: `4` of `classes(4)` is its `count`. */
function named(callee: Expression, list: CallArguments): CallArguments {
  const spec = callee.kind === 'name' ? settings.get(callee.text) : undefined
  // The first argument of a group is a path, which has no name.
  const names = spec && spec.kind !== 'group' ? spec.arguments.map(({ name }) => name) : []
  let place = 0
  return list.map((argument) => {
    const text = argument.name ? undefined : names[place++]
    return text === undefined ? argument : { ...argument, name: { text, span: argument.span } }
  })
}

function standard(setting: string, span: Binding['span']): Expression {
  const name = Object.entries(trainSettings).find(([known]) => known === setting)?.[1].standard
  return { kind: 'name', text: name ?? setting, span }
}
