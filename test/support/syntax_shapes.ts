import type { Node } from 'web-tree-sitter'
import type { Argument, Binding, Expression, Name, Parameter, SourceFile, Span, Statement } from '../../grammar/tree.js'

/** A syntax tree reduced to what two parsers must agree on: node kinds, order, and the place of each leaf in the text. */
export type Shape = readonly (Shape | string)[]

const place = ({ start, end }: Pick<Span, 'start' | 'end'>): string => `${start}-${end}`

/** The shape of a file as the compiler reads it. */
export function shapeOfFile({ imports, blocks, models }: SourceFile): Shape {
  return [
    'file',
    ...imports.map(({ names, fromSpan }): Shape => ['import', ...names.map(leaf), place(fromSpan)]),
    ...blocks.map(
      ({ name, parameters, statements }): Shape => ['block', leaf(name), heads(parameters), body(statements)],
    ),
    ...models.map(
      (model): Shape => [
        'model',
        leaf(model.name),
        heads(model.parameters),
        ...model.inputs.map(
          ({ name, type, dimensions, steps }): Shape => [
            'input',
            leaf(name),
            leaf(type),
            ['dimensions', ...dimensions.map(shape)],
            ['steps', ...(steps ?? []).map(shape)],
          ],
        ),
        ...model.items.map(
          (item): Shape =>
            item.kind === 'binding'
              ? bound(item)
              : [
                  'branch',
                  leaf(item.name),
                  ...(item.call ? [shape(item.call)] : [heads(item.parameters), body(item.statements)]),
                ],
        ),
        ['losses', ...model.losses.map(bound)],
        ['predictions', ...model.predictions.map(bound)],
        ['training', ...model.training.map(bound)],
        ...model.augmentations.map(({ input, steps }): Shape => ['augmentation', leaf(input), ...steps.map(shape)]),
      ],
    ),
  ]
}

const leaf = ({ span }: Name): string => place(span)

function heads(parameters: readonly Parameter[]): Shape {
  return [
    'parameters',
    ...parameters.map(
      (parameter): Shape => [
        'parameter',
        leaf(parameter.name),
        ...(parameter.default ? [shape(parameter.default)] : []),
      ],
    ),
  ]
}

function body(statements: readonly Statement[]): Shape {
  return [
    'body',
    ...statements.map((statement): Shape => {
      if (statement.kind === 'binding') return bound(statement)
      const { value } = statement
      return ['return', ...(value.kind === 'tuple' ? value.items : [value]).map(shape)]
    }),
  ]
}

function bound({ name, value }: Binding): Shape {
  return ['binding', leaf(name), shape(value)]
}

function argument({ name, value }: Argument): Shape {
  return ['argument', ...(name ? [leaf(name)] : []), shape(value)]
}

function shape(expression: Expression): Shape {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'boolean':
    case 'name':
      return [expression.kind, place(expression.span)]
    case 'member':
      return ['member', shape(expression.object), leaf(expression.member)]
    case 'call':
      return ['call', shape(expression.callee), ...expression.arguments.map(argument)]
    case 'index':
      return ['index', shape(expression.object), shape(expression.index)]
    case 'list':
      return ['list', ...expression.items.map(shape)]
    case 'pipeline':
      return ['pipeline', shape(expression.start), ...expression.stages.map(shape)]
    case 'negate':
      return ['negate', shape(expression.operand)]
    case 'binary':
      return ['binary', expression.operator, shape(expression.left), shape(expression.right)]
    case 'conditional':
      return ['conditional', shape(expression.condition), shape(expression.whenTrue), shape(expression.whenFalse)]
    case 'repeat': {
      const { count, index, carried, named, statements } = expression
      return [
        'repeat',
        shape(count),
        ...(index ? [leaf(index)] : []),
        ...carried.map(({ name, start }): Shape => ['carried', leaf(name), shape(start)]),
        ...(named ? [place(named.span)] : []),
        body(statements),
      ]
    }
    case 'tuple':
    case 'missing':
      throw new Error(`a ${expression.kind} in a text without errors`)
  }
}

/** The shape of a file as tree-sitter reads it. */
export function shapeOfNode(root: Node): Shape {
  return [
    'file',
    ...ofType(root, 'import').map(
      (node): Shape => ['import', ...fields(node, 'name').map(at), at(field(node, 'source'))],
    ),
    ...ofType(root, 'block').map((node): Shape => ['block', at(field(node, 'name')), headsOf(node), bodyOf(node)]),
    ...ofType(root, 'model').map(
      (node): Shape => [
        'model',
        at(field(node, 'name')),
        headsOf(node),
        ...ofType(node, 'input').map(
          (input): Shape => [
            'input',
            at(field(input, 'name')),
            at(field(input, 'type')),
            ['dimensions', ...fields(input, 'dimension').map(expressionOf)],
            ['steps', ...fields(input, 'steps').flatMap(named).map(expressionOf)],
          ],
        ),
        ...named(node)
          .filter(({ type }) => type === 'binding' || type === 'branch')
          .map((item) => (item.type === 'binding' ? bindingOf(item) : branchOf(item))),
        ['losses', ...ofType(node, 'loss').flatMap((loss) => ofType(loss, 'binding').map(bindingOf))],
        ['predictions', ...ofType(node, 'predict').flatMap((one) => ofType(one, 'binding').map(bindingOf))],
        ['training', ...ofType(node, 'train').flatMap((train) => ofType(train, 'binding').map(bindingOf))],
        ...ofType(node, 'train').flatMap((train) =>
          ofType(train, 'augmentation').map(
            (one): Shape => ['augmentation', at(field(one, 'input')), ...named(field(one, 'steps')).map(expressionOf)],
          ),
        ),
      ],
    ),
  ]
}

/** Named children without comments, which may occur anywhere. */
const named = (node: Node): Node[] => node.namedChildren.filter(({ type }) => type !== 'comment')
const ofType = (node: Node, type: string): Node[] => named(node).filter((child) => child.type === type)
const fields = (node: Node, name: string): Node[] =>
  node.childrenForFieldName(name).filter(({ isNamed, type }) => isNamed && type !== 'comment')

function field(node: Node, name: string): Node {
  const found = node.childForFieldName(name)
  if (!found) throw new Error(`a ${node.type} without its ${name}: ${node.text}`)
  return found
}

const at = ({ startIndex, endIndex }: Node): string => place({ start: startIndex, end: endIndex })

function headsOf(node: Node): Shape {
  const list = fields(node, 'parameters').flatMap(named)
  return [
    'parameters',
    ...list.map((one): Shape => ['parameter', at(field(one, 'name')), ...fields(one, 'default').map(expressionOf)]),
  ]
}

function bodyOf(node: Node): Shape {
  return [
    'body',
    ...named(field(node, 'body')).map(
      (statement): Shape =>
        statement.type === 'binding'
          ? bindingOf(statement)
          : ['return', ...fields(statement, 'value').map(expressionOf)],
    ),
  ]
}

function bindingOf(node: Node): Shape {
  return ['binding', at(field(node, 'name')), expressionOf(field(node, 'value'))]
}

function branchOf(node: Node): Shape {
  const calls = fields(node, 'call').map(expressionOf)
  return ['branch', at(field(node, 'name')), ...(calls.length > 0 ? calls : [headsOf(node), bodyOf(node)])]
}

function expressionOf(node: Node): Shape {
  const child = (name: string) => expressionOf(field(node, name))
  switch (node.type) {
    case 'quantity':
      return ['number', at(node)]
    case 'string':
    case 'boolean':
      return [node.type, at(node)]
    case 'identifier':
      return ['name', at(node)]
    case 'parenthesized':
      return expressionOf(onlyChild(node))
    case 'member':
      return membersOf(child('object'), field(node, 'name'))
    case 'call':
      return [
        'call',
        child('function'),
        ...named(field(node, 'arguments')).map(
          (one): Shape => ['argument', ...fields(one, 'name').map(at), expressionOf(field(one, 'value'))],
        ),
      ]
    case 'index':
      return ['index', child('object'), child('index')]
    case 'list':
      return ['list', ...named(node).map(expressionOf)]
    case 'pipeline':
      return ['pipeline', child('start'), ...fields(node, 'stage').map(expressionOf)]
    case 'negation':
      return negationOf(node)
    case 'binary':
      return ['binary', field(node, 'operator').text, child('left'), child('right')]
    case 'conditional':
      return ['conditional', child('condition'), child('true'), child('false')]
    case 'repetition':
      return [
        'repeat',
        child('count'),
        ...fields(node, 'index').map(at),
        ...ofType(node, 'carried').map(
          (one): Shape => ['carried', at(field(one, 'name')), expressionOf(field(one, 'start'))],
        ),
        ...fields(node, 'named').map(at),
        bodyOf(node),
      ]
    default:
      throw new Error(`no expression: ${node.type}`)
  }
}

function onlyChild(node: Node): Node {
  const [child, ...others] = named(node)
  if (!child || others.length > 0) throw new Error(`one expression in ${node.text}`)
  return child
}

/** `.2.1` is two members. */
function membersOf(object: Shape, name: Node): Shape {
  if (name.type !== 'number') return ['member', object, at(name)]
  let start = name.startIndex
  return name.text.split('.').reduce<Shape>((inner, text) => {
    const end = start + text.length
    const member: Shape = ['member', inner, place({ start, end })]
    start = end + 1
    return member
  }, object)
}

/** Two signs in a row undo each other. */
function negationOf(node: Node): Shape {
  let [operand, negative] = [node, false]
  while (operand.type === 'negation') [operand, negative] = [field(operand, 'operand'), !negative]
  return negative ? ['negate', expressionOf(operand)] : expressionOf(operand)
}
