import type { Block, Expression, Statement } from '../../grammar/tree.js'
import type { Diagnostic } from '../diagnostics/diagnostic.js'
import { diagnose } from '../diagnostics/report.js'
import { constantOf, match, signatureOf } from './arguments.js'
import type { Module } from './modules.js'
import { Scope } from './scope.js'
import { nameOf, unnamedValue } from './tuple.js'
import { type BoundArgument, errorValue, type Value } from './values.js'

/**
 * Checks the blocks of a file without a model as far as possible without the sizes of a call: names are defined, and blocks return.
 */
export function checkBlocks(module: Module): Diagnostic[] {
  return module.file.blocks.flatMap((block) => checkBlock(block, module.scope))
}

function checkBlock(block: Block, outer: Scope<Value>): Diagnostic[] {
  const scope = new Scope<Value>(outer)
  const diagnostics: Diagnostic[] = []
  for (const { name } of block.parameters)
    if (!scope.define(name.text, { kind: 'error' }))
      diagnostics.push(diagnose('duplicate-name', { name: name.text }, name.span))
  diagnostics.push(...checkStatements(block.statements, scope))
  for (const { value } of block.statements)
    if (value.kind === 'tuple')
      for (const item of value.items) if (nameOf(item) === undefined) diagnostics.push(unnamedValue(item.span))
  if (!block.statements.some(({ kind }) => kind === 'return'))
    diagnostics.push(diagnose('no-result', { block: block.name.text }, block.name.span))
  return diagnostics
}

function checkStatements(statements: readonly Statement[], scope: Scope<Value>): Diagnostic[] {
  return statements.flatMap((statement) => {
    const found = checkNames(statement.value, scope)
    if (statement.kind === 'binding' && !scope.define(statement.name.text, { kind: 'error' }))
      found.push(diagnose('duplicate-name', { name: statement.name.text }, statement.name.span))
    return found
  })
}

function checkNames(expression: Expression, scope: Scope<Value>): Diagnostic[] {
  const all = (...parts: readonly Expression[]) => parts.flatMap((part) => checkNames(part, scope))
  switch (expression.kind) {
    case 'name': {
      if (scope.find(expression.text) || expression.text === 'uniform') return []
      const values = {
        name: expression.text,
        known: [],
        suggestion: scope.nearest(expression.text),
        importable: undefined,
      }
      return [diagnose('unknown-name', values, expression.span)]
    }
    case 'member':
      return all(expression.object)
    case 'index':
      return all(expression.object, expression.index)
    case 'call':
      return [...checkCall(expression, scope, false), ...checkParts(expression, scope)]
    case 'list':
    case 'tuple':
      return all(...expression.items)
    case 'pipeline':
      return [
        ...all(expression.start),
        ...expression.stages.flatMap((stage) =>
          stage.kind === 'call'
            ? [...checkCall(stage, scope, true), ...checkParts(stage, scope)]
            : checkNames(stage, scope),
        ),
      ]
    case 'negate':
      return all(expression.operand)
    case 'binary':
      return all(expression.left, expression.right)
    case 'conditional':
      return all(expression.condition, expression.whenTrue, expression.whenFalse)
    case 'repeat': {
      const round = new Scope<Value>(scope)
      if (expression.index) round.define(expression.index.text, { kind: 'number', value: 0 })
      const starts = expression.carried.map(({ start }) => start)
      const names = expression.carried.flatMap(({ name }) =>
        round.define(name.text, { kind: 'error' }) ? [] : [diagnose('duplicate-name', { name: name.text }, name.span)],
      )
      const parts = expression.named?.parts.filter((part) => typeof part !== 'string') ?? []
      return [
        ...all(expression.count, ...starts),
        ...names,
        ...parts.flatMap((part) => checkNames(part, round)),
        ...checkStatements(expression.statements, round),
      ]
    }
    default:
      return []
  }
}

type Call = Extract<Expression, { kind: 'call' }>

function checkParts({ callee, arguments: list }: Call, scope: Scope<Value>): Diagnostic[] {
  // A bare word may be what an argument takes (pool = mean), which only the call's signature can tell.
  const values = list.filter(({ name, value }) => !name || value.kind !== 'name').map(({ value }) => value)
  return [callee, ...values].flatMap((part) => checkNames(part, scope))
}

/** A call of an operation: the names of its arguments, and the values that are written out. */
function checkCall({ callee, arguments: list, span }: Call, scope: Scope<Value>, piped: boolean): Diagnostic[] {
  const target = callee.kind === 'name' ? scope.find(callee.text) : undefined
  if (target?.kind !== 'operation') return []
  const diagnostics: Diagnostic[] = []
  const report = (diagnostic: Diagnostic) => diagnostics.push(diagnostic)
  const first: BoundArgument | undefined = piped ? { value: errorValue, span } : undefined
  const { given } = match(signatureOf(target.operation), first, list, span, report)
  for (const spec of target.operation.arguments)
    for (const item of given.get(spec.name) ?? []) {
      const value = 'expression' in item && literal(item.expression)
      if (value) constantOf(spec, { value, span: item.span }, report)
    }
  return diagnostics
}

/** The value of an expression, as far as its text alone determines it. */
function literal(expression: Expression): Value | undefined {
  const { kind } = expression
  return kind === 'number' || kind === 'string' || kind === 'boolean' ? expression : undefined
}
