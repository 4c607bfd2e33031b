import { elementAt, present } from '../../../grammar/present.js'
import { typeOf } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { CallPlan } from '../plans.js'
import { Body, methodName, type Surroundings, sharedNames } from './body.js'
import {
  type Argument,
  callOf,
  type Expression,
  keyword,
  type Literal,
  literal,
  method,
  printExpression,
  quoted,
  self,
  source,
} from './expression.js'
import { torchModule } from './imports.js'
import { definition, statement } from './layout.js'
import type { PythonHelper, PytorchModule } from './lowering.js'
import { type ClassPlan, type Instance, isSame, slotKey, typeName } from './modules.js'
import { remark } from './python.js'

/** Returns the class of a block or branch, preceded by the type of its result if that is more than one tensor. */
export function classText(plan: ClassPlan, around: Surroundings): string {
  const methods = plan.plans.map((call, number) => methodLines(plan, call, number, around))
  const { frame } = elementAt(plan.plans, 0)
  const what = `The ${frame.kind} ${frame.definition}`
  const results = plan.plans.flatMap((call, number) => resultClass(plan, call, number, around))
  const lines = [
    `class ${plan.name}(${base(plan, around)}):`,
    `    """${remark(what)}${plan.instances.length > 1 ? `, ${plan.instances.length} times` : ''}."""`,
    '',
    ...constructorLines(plan, around),
    ...methods.flatMap((text) => ['', ...text]),
  ]
  return [...results, `${lines.join('\n')}\n`].join('\n\n')
}

export function constructorLines(plan: ClassPlan, around: Surroundings): string[] {
  const instance = elementAt(plan.instances, 0)
  const parameters = plan.parameters.map(({ name, values, default: standard }) =>
    standard === undefined
      ? `${name}: ${typeOfValues(values)}`
      : `${name}: ${typeOfValues([...values, standard])} = ${printExpression(literal(standard))}`,
  )
  const kept = plan.parameters.flatMap(({ name, kept: stays }) => (stays ? [`        self.${name} = ${name}`] : []))
  const own = instance.module ? moduleArguments(instance.module, givenBy(plan, [])) : []
  const weighted = weighsClasses(plan, around)
  return [
    ...(weighted ? ['    class_weights: Tensor', ''] : []),
    ...definition('    ', '__init__', ['self', ...parameters], 'None'),
    ...statement('        ', '', method(callOf('super'), '__init__', ...own)),
    ...(weighted ? statement('        ', '', classWeights(around)) : []),
    ...kept,
    ...childLines(instance, plan, self, [], around),
  ]
}

/** The buffer that a weighted loss reads; training fills it. */
function classWeights({ structure, imports }: Surroundings): Expression {
  imports.add(torchModule)
  const { size } = present(structure.graph.label, 'the label of a weighted loss')
  const ones = callOf('torch.ones', literal(size))
  return method(self, 'register_buffer', quoted('class_weights'), ones, keyword('persistent', literal(false)))
}

/** Whether a loss of the class counts classes by weights, which training fills in. */
function weighsClasses({ plans, instances }: ClassPlan, { structure, tree }: Surroundings): boolean {
  if (structure.graph.plan.classWeights !== 'balanced') return false
  const frames = instances[0] === tree.root ? [structure.frame(0)] : plans.map(({ frame }) => frame)
  return frames.some((frame) =>
    structure
      .items(frame)
      .some((item) => 'node' in item && operationNamed(item.node.operation).semantics?.supportsMixup),
  )
}

/** The statements that create the child modules. */
function childLines(
  instance: Instance,
  owner: ClassPlan,
  code: Expression,
  place: readonly string[],
  around: Surroundings,
): string[] {
  return [...instance.children].flatMap(([name, child]) => {
    const path = [...place, name]
    const own = around.tree.codeBelow(code, instance, [name])
    const inner = around.tree.classOf(child) ? [] : childLines(child, owner, own, path, around)
    const { target, expression } = around.tree.placing(code, instance, name, creation(child, owner, path, around))
    const prefix = target ? `${printExpression(target)} = ` : ''
    return [...statement('        ', prefix, expression), ...inner]
  })
}

/** `Conv2d(in_channels, 32, 3, stride=2, bias=False)` */
function creation(child: Instance, owner: ClassPlan, path: readonly string[], around: Surroundings): Expression {
  const given = givenBy(owner, path)
  const own = around.tree.classOf(child)
  if (own) {
    const index = own.instances.indexOf(child)
    const values = own.parameters.flatMap(({ name, values, default: standard, width }) => {
      const value = elementAt(values, index)
      const code = given(name)
      if (!code && isSame(value, standard)) return []
      const expression = code ?? literal(value)
      return [width && standard === undefined ? expression : keyword(name, expression)]
    })
    return callOf(own.name, ...values)
  }
  if (child.module) {
    if (typeof child.module.type !== 'string') around.helpers.add(child.module.type)
    return moduleCode(child.module, given)
  }
  const kinds = { class: 'nn.Module', list: 'nn.ModuleList', dict: 'nn.ModuleDict', module: 'nn.Module' }
  return callOf(kinds[around.tree.kindOf(child)])
}

/** Returns the code that constructs an operation's own module; `given` is asked for a name to write instead of a value. */
export function moduleCode(module: PytorchModule, given: NameOf = () => undefined): Expression {
  return callOf(typeName(module), ...moduleArguments(module, given))
}

function moduleArguments(module: PytorchModule, given: NameOf): readonly (Expression | Argument)[] {
  return module.arguments.flatMap(({ name, value, default: standard, positional }) => {
    const code = given(name)
    if (!code && isSame(value, standard)) return []
    const expression = code ?? literal(value)
    return [positional ? expression : keyword(name, expression)]
  })
}

/** The variable that an argument's value is in, where it is in one. */
type NameOf = (argument: string) => Expression | undefined

/** The class's own name for a value in which its instances differ. */
function givenBy({ parameters }: ClassPlan, path: readonly string[]): NameOf {
  return (argument) => {
    const parameter = parameters.find(({ keys }) => keys.has(slotKey(path, argument)))
    return parameter && source(parameter.name)
  }
}

/** A block with an operation's parameters at its own path is one of that operation's modules. */
function base({ instances }: ClassPlan, { helpers }: Surroundings): string {
  const module = instances[0]?.module
  if (!module) return 'nn.Module'
  if (typeof module.type !== 'string') helpers.add(module.type)
  return typeName(module)
}

function methodLines(plan: ClassPlan, call: CallPlan, number: number, around: Surroundings): string[] {
  const { structure, tree } = around
  const body = new Body(call.frame, call, plan, around)
  // The signature deliberately differs from the base class's.
  const overrides = number === 0 && base(plan, around) !== 'nn.Module'
  const inputs = structure.inputs(call.frame).map((value) => `${printExpression(body.code(value))}: Tensor`)
  const shared = [...sharedNames(call, around)].map(([path, name]) => `${name}: ${tree.typeAt(path.split('.'))}`)
  const codes = call.outputs.map(({ place }) => body.code(structure.at(place, call.frame)))
  const result = call.single ? elementAt(codes, 0) : callOf(resultName(plan, number), ...codes)
  const [first = '', ...more] = definition(
    '    ',
    methodName(number),
    ['self', ...inputs, ...shared],
    call.single ? 'Tensor' : resultName(plan, number),
  )
  const differs = inputs.length + shared.length !== 1 || !call.single
  return [
    `${first}${overrides && differs ? '  # type: ignore[override]' : ''}`,
    ...more,
    ...body.lines(() => true),
    ...statement('        ', 'return ', result),
  ]
}

function resultName({ name }: ClassPlan, number: number): string {
  return `${name}Output${number === 0 ? '' : number + 1}`
}

function resultClass(
  plan: ClassPlan,
  call: CallPlan,
  number: number,
  { structure, calls, imports }: Surroundings,
): string[] {
  if (call.single) return []
  imports.add({ module: 'typing', name: 'NamedTuple' })
  const fields = call.outputs.flatMap(({ place, name }) => {
    const value = structure.at(place, call.frame)
    if (typeOf(structure.graph, value).element !== 'float') return []
    return statement('    ', `${name}: `, source('Tensor'), calls.shape(value, call.frame, call))
  })
  return [`class ${resultName(plan, number)}(NamedTuple):\n${fields.join('\n')}\n`]
}

/** The helpers that are used and those they use, each after what it calls. */
export function withInner(helpers: Iterable<PythonHelper>): readonly PythonHelper[] {
  const listed = new Set<PythonHelper>()
  const add = (helper: PythonHelper) => {
    for (const inner of helper.uses ?? []) add(inner)
    listed.add(helper)
  }
  for (const helper of [...helpers].sort((a, b) => (a.name < b.name ? -1 : 1))) add(helper)
  return [...listed]
}

/** Returns the annotation for an argument that takes all of these values. */
function typeOfValues(values: readonly Literal[]): string {
  if (values.every((value) => typeof value === 'boolean')) return 'bool'
  if (values.every((value) => typeof value === 'string')) return 'str'
  const number = values.flatMap(numbersIn).every(isIntLiteral) ? 'int' : 'float'
  return values.some((value) => typeof value === 'object') ? `${number} | tuple[${number}, ${number}]` : number
}

function numbersIn(value: Literal): readonly (number | string | boolean)[] {
  if (typeof value !== 'object') return [value]
  return 'kind' in value ? [value.low, value.high] : value
}

/** Whether Python reads the number as an int: 1e21 is a float. */
function isIntLiteral(value: number | string | boolean): boolean {
  return /^-?\d+$/.test(String(value))
}
