import type { CstElement, CstNode, IToken } from 'chevrotain'
import { colonHabit, type Habit, unitHabit } from './habits.js'
import { isPlainName, isQuotableName } from './names.js'
import { elementAt, present } from './present.js'
import { roundNamePieces } from './round_name.js'
import type {
  Argument,
  Augmentation,
  BinaryOperator,
  Binding,
  Block,
  Branch,
  CarriedValue,
  Expression,
  Import,
  Input,
  Model,
  Name,
  Parameter,
  RoundName,
  Span,
  Statement,
  Unit,
} from './tree.js'

/** The syntax tree of a whole file. */
export interface Declarations {
  imports: Import[]
  blocks: Block[]
  models: Model[]
}

/**
 * Builds the abstract syntax tree from the concrete one. Because the parser recovers from errors, any child may be absent unless its rule begins with
 * it; unnamed items are omitted, and missing values become a `missing` expression.
 */
export class TreeBuilder {
  /** Syntax of another language that was accepted. */
  readonly habits: Habit[] = []
  /** Names in quotes that cannot be names. */
  readonly misnamed: IToken[] = []
  /** Names in quotes where a name stands without them. */
  readonly quoted: IToken[] = []

  constructor(
    private readonly source: string,
    private readonly text: string,
  ) {}

  declarations(file: CstNode): Declarations {
    return {
      imports: nodes(file, 'importing').map((node) => this.importing(node)),
      blocks: nodes(file, 'block').flatMap((node) => this.block(node) ?? []),
      models: nodes(file, 'model').flatMap((node) => this.model(node) ?? []),
    }
  }

  private importing(node: CstNode): Import {
    const from = tokens(node, 'String')[0]
    return {
      names: tokens(node, 'Name').map((token) => this.name(token)),
      from: from ? unquote(from.image) : '',
      fromSpan: from ? this.tokenSpan(from) : this.span(node),
      span: this.span(node),
    }
  }

  private block(node: CstNode): Block | undefined {
    const name = tokens(node, 'Name')[0]
    if (!name) return undefined
    return {
      kind: 'block',
      name: this.name(name),
      parameters: this.parameters(node),
      statements: this.body(nodes(node, 'body')[0]),
      span: this.span(node),
    }
  }

  private model(node: CstNode): Model | undefined {
    const name = tokens(node, 'Name')[0]
    if (!name) return undefined
    const items = nodes(node, 'modelItem')
    const each = (rule: string) => items.flatMap((item) => nodes(item, rule))
    const loss = each('loss')
    const train = each('train')
    const lossSpan = loss[0] && this.span(loss[0])
    return {
      name: this.name(name),
      parameters: this.parameters(node),
      inputs: each('inputDeclaration').flatMap((input) => this.input(input) ?? []),
      items: items.flatMap((item) => [
        ...this.bindings([item]),
        ...nodes(item, 'branch').flatMap((branch) => this.branch(branch) ?? []),
      ]),
      losses: this.labels(loss),
      ...(lossSpan && { lossSpan }),
      predictions: this.labels(each('predict')),
      training: this.labels(train),
      augmentations: train.flatMap((block) => nodes(block, 'augmentation').map((a) => this.augmentation(a))),
      span: this.span(node),
    }
  }

  /** The value of a `return`: several are a tuple. */
  private returned(node: CstNode): Expression {
    const items = nodes(node, 'expression').map((item) => this.expression(item))
    const [first, last] = [items[0], items.at(-1)]
    if (!first || !last || first === last) return first ?? this.missing(node)
    return { kind: 'tuple', items, span: around(first.span, last.span) }
  }

  /** Losses, predictions and settings: their names are no part of the name of a weight, and stand without quotes. */
  private labels(parents: CstNode[]): Binding[] {
    const quoted = parents.flatMap((parent) => nodes(parent, 'binding').flatMap((node) => tokens(node, 'String')))
    this.quoted.push(...quoted.filter(({ image }) => !isPlainName(unquote(image))))
    return this.bindings(parents)
  }

  private bindings(parents: CstNode[]): Binding[] {
    return parents.flatMap((parent) => nodes(parent, 'binding').flatMap((binding) => this.binding(binding) ?? []))
  }

  private input(node: CstNode): Input | undefined {
    const [name, type] = tokens(node, 'Name')
    if (!name || !type) return undefined
    const steps = nodes(node, 'steps')[0]
    return {
      name: this.name(name),
      type: this.name(type),
      dimensions: nodes(node, 'expression').map((dimension) => this.expression(dimension)),
      ...(steps && { steps: nodes(steps, 'expression').map((step) => this.expression(step)) }),
      span: this.span(node),
    }
  }

  private branch(node: CstNode): Branch | undefined {
    const name = tokens(node, 'Name')[0]
    if (!name) return undefined
    const call = nodes(node, 'expression')[0]
    return {
      kind: 'branch',
      name: this.name(name),
      parameters: this.parameters(node),
      statements: this.body(nodes(node, 'body')[0]),
      ...(call && { call: this.expression(call) }),
      span: this.span(node),
    }
  }

  /** The parser enters its rule only where a name follows `augment`, which may be a name itself. */
  private augmentation(node: CstNode): Augmentation {
    const input = elementAt(tokens(node, 'Name'), 0)
    const steps = nodes(node, 'steps').flatMap((list) => nodes(list, 'expression'))
    return { input: this.name(input), steps: steps.map((step) => this.expression(step)), span: this.span(node) }
  }

  private parameters(node: CstNode): Parameter[] {
    return nodes(node, 'parameters')
      .flatMap((list) => nodes(list, 'parameter'))
      .flatMap((parameter) => {
        const name = tokens(parameter, 'Name')[0]
        if (!name) return []
        const value = nodes(parameter, 'expression')[0]
        return [{ name: this.name(name), ...(value && { default: this.expression(value) }) }]
      })
  }

  private body(node: CstNode | undefined): Statement[] {
    if (!node) return []
    return nodes(node, 'statement').flatMap((statement): Statement[] => {
      const returning = nodes(statement, 'returning')[0]
      if (returning) return [{ kind: 'return', value: this.returned(returning), span: this.span(returning) }]
      return this.bindings([statement])
    })
  }

  private binding(node: CstNode): Binding | undefined {
    const name = tokens(node, 'Name')[0] ?? tokens(node, 'String')[0]
    if (!name) return undefined
    const value = this.child(node, 'expression')
    this.assigned(node, name, value)
    // A string of this name would not be the binding.
    if (isQuoted(name) && isPlainName(unquote(name.image))) this.quoted.push(name)
    return { kind: 'binding', name: this.name(name), value, span: this.span(node) }
  }

  private child(node: CstNode, rule: string): Expression {
    const found = nodes(node, rule)[0]
    return found ? this.expression(found) : this.missing(node)
  }

  private missing(node: CstNode): Expression {
    return { kind: 'missing', span: this.span(node) }
  }

  private expression(node: CstNode): Expression {
    const value = this.pipeline(elementAt(nodes(node, 'pipeline'), 0))
    if (tokens(node, 'Question').length === 0) return value
    const branches = nodes(node, 'expression')
    const whenFalse = branches[1]
    return {
      kind: 'conditional',
      condition: value,
      whenTrue: this.expression(elementAt(branches, 0)),
      whenFalse: whenFalse ? this.expression(whenFalse) : this.missing(node),
      span: this.span(node),
    }
  }

  private pipeline(node: CstNode): Expression {
    const start = this.comparison(elementAt(nodes(node, 'comparison'), 0))
    const stages = nodes(node, 'postfix').map((stage) => this.postfix(stage))
    return stages.length === 0 ? start : { kind: 'pipeline', start, stages, span: this.span(node) }
  }

  private comparison(node: CstNode): Expression {
    return this.chain(node, nodes(node, 'sum'), comparisons, (operand) => this.sum(operand))
  }

  private sum(node: CstNode): Expression {
    return this.chain(node, nodes(node, 'product'), additions, (operand) => this.product(operand))
  }

  private product(node: CstNode): Expression {
    return this.chain(node, nodes(node, 'unary'), multiplications, (operand) => this.unary(operand))
  }

  /** `a + b - c` as (a + b) - c. */
  private chain(
    node: CstNode,
    operands: readonly CstNode[],
    symbols: readonly string[],
    build: (node: CstNode) => Expression,
  ): Expression {
    const rest = operands.slice(1)
    const first = build(elementAt(operands, 0))
    if (rest.length === 0) return first
    const operators = symbols.flatMap((symbol) => tokens(node, symbol)).sort((a, b) => a.startOffset - b.startOffset)
    return rest.reduce<Expression>((left, operand, index) => {
      const right = build(operand)
      const operator = operatorOf(elementAt(operators, index).image)
      return { kind: 'binary', operator, left, right, span: around(left.span, right.span) }
    }, first)
  }

  private unary(node: CstNode): Expression {
    const value = this.postfix(elementAt(nodes(node, 'postfix'), 0))
    // Two signs undo each other.
    return tokens(node, 'Minus').length % 2 === 0 ? value : { kind: 'negate', operand: value, span: this.span(node) }
  }

  private postfix(node: CstNode): Expression {
    const start = this.primary(elementAt(nodes(node, 'primary'), 0))
    const found = [...nodes(node, 'member'), ...nodes(node, 'callArguments'), ...nodes(node, 'indexing')]
    if (found.length === 0) return start
    const suffixes = found.sort((a, b) => this.span(a).start - this.span(b).start)
    return suffixes.reduce<Expression>((object, suffix) => {
      if (suffix.name === 'member') return this.member(object, suffix)
      return suffix.name === 'indexing' ? this.indexing(object, suffix) : this.call(object, suffix)
    }, start)
  }

  private indexing(object: Expression, node: CstNode): Expression {
    const index = this.child(node, 'expression')
    return { kind: 'index', object, index, span: around(object.span, this.span(node)) }
  }

  private member(object: Expression, node: CstNode): Expression {
    const token = tokens(node, 'Word')[0] ?? tokens(node, 'Number')[0]
    const [quoted] = tokens(node, 'String')
    if (quoted) {
      const member = this.name(quoted)
      return { kind: 'member', object, member, span: around(object.span, member.span) }
    }
    if (!token) return object
    // The lexer reads `.2.1` as the number 2.1: it is two members.
    const parts = token.tokenType.name === 'Number' ? token.image.split('.') : [token.image]
    let start = token.startOffset
    return parts.reduce<Expression>((inner, text) => {
      const span = { source: this.source, start, end: start + text.length }
      start = span.end + 1
      return { kind: 'member', object: inner, member: { text, span }, span: around(object.span, span) }
    }, object)
  }

  private call(callee: Expression, node: CstNode): Expression {
    const list = nodes(node, 'argument').map((argument) => this.argument(argument))
    return { kind: 'call', callee, arguments: list, span: around(callee.span, this.span(node)) }
  }

  private argument(node: CstNode): Argument {
    const name = tokens(node, 'Word')[0]
    const value = this.child(node, 'expression')
    if (name) this.assigned(node, name, value)
    const span = this.span(node)
    return name ? { name: this.name(name), value, span } : { value, span }
  }

  /** Records a colon written for `=`. */
  private assigned(node: CstNode, name: IToken, { span }: Expression): void {
    const [sign] = tokens(node, 'Assign')
    if (sign?.image === ':') this.habits.push(colonHabit(this.text, name, sign, span))
  }

  private primary(node: CstNode): Expression {
    const span = this.span(node)
    const quantity = nodes(node, 'quantity')[0]
    if (quantity) return this.quantity(quantity)
    const string = tokens(node, 'String')[0]
    if (string) return { kind: 'string', value: unquote(string.image), span }
    if (tokens(node, 'True').length > 0) return { kind: 'boolean', value: true, span }
    if (tokens(node, 'False').length > 0) return { kind: 'boolean', value: false, span }
    const repetition = nodes(node, 'repetition')[0]
    if (repetition) return this.repetition(repetition)
    const name = tokens(node, 'Name')[0]
    if (name) return { kind: 'name', text: name.image, span }
    const inner = nodes(node, 'expression')[0]
    if (inner) return this.expression(inner)
    const list = nodes(node, 'list')[0]
    if (list) return { kind: 'list', items: nodes(list, 'expression').map((item) => this.expression(item)), span }
    return this.missing(node)
  }

  private quantity(node: CstNode): Expression {
    const number = elementAt(tokens(node, 'Number'), 0)
    const value = Number(number.image)
    const unit = this.unit(node)
    const [word] = tokens(node, 'Unit')
    if (word && value !== 1 && !word.image.endsWith('s')) this.habits.push(unitHabit(number, word))
    const span = this.span(node)
    if (unit === 'percent') return { kind: 'number', value: value / 100, unit, span }
    return unit ? { kind: 'number', value, unit, span } : { kind: 'number', value, span }
  }

  private unit(node: CstNode): Unit | undefined {
    if (tokens(node, 'Percent').length > 0) return 'percent'
    const word = tokens(node, 'Unit')[0]?.image
    if (!word) return undefined
    return word.startsWith('epoch') ? 'epochs' : 'steps'
  }

  private repetition(node: CstNode): Expression {
    const [index] = tokens(node, 'Name')
    const [first, ...others] = nodes(node, 'carried').flatMap((carried) => this.carried(carried) ?? [])
    const [named] = tokens(node, 'String')
    if (!first) return this.missing(node)
    return {
      kind: 'repeat',
      count: this.sum(elementAt(nodes(node, 'sum'), 0)),
      ...(index && { index: this.name(index) }),
      carried: [first, ...others],
      ...(named && { named: this.roundName(named) }),
      statements: this.body(nodes(node, 'body')[0]),
      span: this.span(node),
    }
  }

  private carried(node: CstNode): CarriedValue | undefined {
    const name = tokens(node, 'Name')[0]
    return name && { name: this.name(name), start: this.child(node, 'expression') }
  }

  private roundName(token: IToken): RoundName {
    const pieces = roundNamePieces(token)
    if (!pieces || pieces.length === 0) this.misnamed.push(token)
    const parts = (pieces ?? []).map((piece) => ('text' in piece ? piece.text : this.expression(piece.value)))
    return { parts, span: this.tokenSpan(token) }
  }

  private name(token: IToken): Name {
    const span = this.tokenSpan(token)
    if (!isQuoted(token)) return { text: token.image, span }
    const text = unquote(token.image)
    if (!isQuotableName(text)) this.misnamed.push(token)
    return { text, span }
  }

  private tokenSpan(token: IToken): Span {
    return { source: this.source, start: token.startOffset, end: token.startOffset + token.image.length }
  }

  private span(node: CstNode): Span {
    const start = node.location?.startOffset
    const end = node.location?.endOffset
    if (start === undefined || end === undefined || Number.isNaN(start) || Number.isNaN(end))
      return { source: this.source, start: this.text.length, end: this.text.length }
    return { source: this.source, start, end: end + 1 }
  }
}

/** From the first of two stretches to the last; one that is missing stands at the end of the text. */
function around(a: Span, b: Span): Span {
  return { source: a.source, start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) }
}

/** Of most kinds most nodes have none. */
const none: readonly never[] = []

function nodes(node: CstNode, rule: string): readonly CstNode[] {
  const children = node.children[rule] ?? none
  return children.every(isNode) ? children : children.filter(isNode)
}

function tokens(node: CstNode, name: string): readonly IToken[] {
  const children = node.children[name] ?? none
  return children.every(isToken) ? children : children.filter(isToken)
}

function isNode(element: CstElement): element is CstNode {
  return 'children' in element
}

function isToken(element: CstElement): element is IToken {
  return 'image' in element && element.image !== ''
}

function isQuoted({ image }: IToken): boolean {
  return image.startsWith('"') || image.startsWith("'")
}

function unquote(image: string): string {
  const escapes: Record<string, string> = { n: '\n', t: '\t' }
  return image.slice(1, -1).replace(/\\(.)/g, (_, character: string) => escapes[character] ?? character)
}

const comparisons: readonly string[] = ['EqualEqual', 'NotEqual', 'LessEqual', 'GreaterEqual', 'Less', 'Greater']
const additions: readonly string[] = ['Plus', 'Minus']
const multiplications: readonly string[] = ['Star', 'Slash']

const operators: readonly BinaryOperator[] = ['+', '-', '*', '/', '==', '!=', '<', '<=', '>', '>=']

function operatorOf(image: string): BinaryOperator {
  return present(
    operators.find((operator) => operator === image),
    `an operator ${image}`,
  )
}
