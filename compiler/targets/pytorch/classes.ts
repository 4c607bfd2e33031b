import { elementAt } from '../../../grammar/present.js'
import { typeOf } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { CallPlan } from '../plans.js'
import { Body, methodName, outsideModules, type Surroundings } from './body.js'
import { definition, statement } from './layout.js'
import type { PythonHelper, PytorchModule } from './lowering.js'
import { type ClassPlan, type Instance, slotKey, typeName } from './modules.js'
import { identifier, remark, typeOfCodes, valueCode } from './python.js'

/** A class for a block or a branch, and before it what its calls give where that is more than one tensor. */
export function classText(plan: ClassPlan, around: Surroundings): string {
  const methods = plan.plans.map((call, number) => method(plan, call, number, around))
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
  const parameters = plan.parameters.map(
    ({ name, codes, default: standard }) =>
      `${name}: ${typeOfCodes(standard === undefined ? codes : [...codes, standard])}${standard === undefined ? '' : ` = ${standard}`}`,
  )
  const kept = plan.parameters.flatMap(({ name, kept: stays }) => (stays ? [`        self.${name} = ${name}`] : []))
  const own = instance.module ? argumentList(instance.module, givenBy(plan, [])) : ''
  const weighted = weighsClasses(plan, around)
  const classes = around.structure.graph.label?.classes
  const weights = `self.register_buffer("class_weights", torch.ones(${classes}), persistent=False)`
  return [
    ...(weighted ? ['    class_weights: Tensor', ''] : []),
    ...definition('    ', '__init__', ['self', ...parameters], 'None'),
    ...statement('        ', '', `super().__init__(${own})`),
    ...(weighted ? statement('        ', '', weights) : []),
    ...kept,
    ...childLines(instance, plan, 'self', [], around),
  ]
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

/** The statements that make the modules below one. */
function childLines(
  instance: Instance,
  owner: ClassPlan,
  code: string,
  place: readonly string[],
  around: Surroundings,
): string[] {
  return [...instance.children].flatMap(([name, child]) => {
    const path = [...place, name]
    const own = around.tree.codeBelow(code, instance, [name])
    const inner = around.tree.classOf(child) ? [] : childLines(child, owner, own, path, around)
    const made = creation(child, owner, path, around)
    return [...statement('        ', ...around.tree.placing(code, instance, name, made)), ...inner]
  })
}

/** `Conv2d(in_channels, 32, 3, stride=2, bias=False)` */
function creation(child: Instance, owner: ClassPlan, path: readonly string[], around: Surroundings): string {
  const given = givenBy(owner, path)
  const own = around.tree.classOf(child)
  if (own) {
    const index = own.instances.indexOf(child)
    const values = own.parameters.flatMap(({ name, codes, default: standard, width }) => {
      const code = given(name, elementAt(codes, index))
      if (code === standard) return []
      return [width && standard === undefined ? code : `${name}=${code}`]
    })
    return `${own.name}(${values.join(', ')})`
  }
  if (child.module) {
    if (typeof child.module.type !== 'string') around.helpers.add(child.module.type)
    return moduleCode(child.module, given)
  }
  const kinds = { class: 'nn.Module', list: 'nn.ModuleList', dict: 'nn.ModuleDict', module: 'nn.Module' }
  return `${kinds[around.tree.kindOf(child)]}()`
}

/** An operation's own module; `given` may put a name in a value's place. */
export function moduleCode(module: PytorchModule, given = (_name: string, code: string) => code): string {
  return `${typeName(module)}(${argumentList(module, given)})`
}

function argumentList(module: PytorchModule, given: (name: string, code: string) => string): string {
  const values = module.arguments.flatMap(({ name, value, default: standard, positional }) => {
    const code = given(name, valueCode(value))
    if (standard !== undefined && code === valueCode(standard)) return []
    return [positional ? code : `${name}=${code}`]
  })
  return values.join(', ')
}

/** The class's own name for a value in which its instances differ. */
function givenBy({ parameters }: ClassPlan, path: readonly string[]) {
  return (name: string, code: string) => parameters.find(({ keys }) => keys.has(slotKey(path, name)))?.name ?? code
}

/** A block with an operation's parameters at its own path is one of that operation's modules. */
function base({ instances }: ClassPlan, { helpers }: Surroundings): string {
  const module = instances[0]?.module
  if (!module) return 'nn.Module'
  if (typeof module.type !== 'string') helpers.add(module.type)
  return typeName(module)
}

function method(plan: ClassPlan, call: CallPlan, number: number, around: Surroundings): string[] {
  const { structure, tree } = around
  const body = new Body(call.frame, call, plan, around)
  // Another signature than the operation's own is meant.
  const overrides = number === 0 && base(plan, around) !== 'nn.Module'
  const inputs = structure.inputs(call.frame).map((value) => `${body.code(value)}: Tensor`)
  const shared = outsideModules(call, around).map((path) => `${identifier(path)}: ${typeAt(tree.at(path), around)}`)
  const codes = call.outputs.map(({ place }) => body.code(structure.at(place, call.frame)))
  const result = call.single ? elementAt(codes, 0) : `${resultName(plan, number)}(${codes.join(', ')})`
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

function typeAt(instance: Instance, { tree }: Surroundings): string {
  return tree.classOf(instance)?.name ?? (instance.module ? typeName(instance.module) : 'nn.Module')
}

function resultName({ name }: ClassPlan, number: number): string {
  return `${name}Output${number === 0 ? '' : number + 1}`
}

function resultClass(plan: ClassPlan, call: CallPlan, number: number, { structure, calls }: Surroundings): string[] {
  if (call.single) return []
  const fields = call.outputs.flatMap(({ place, name }) => {
    const value = structure.at(place, call.frame)
    if (typeOf(structure.graph, value).element !== 'float') return []
    return statement('    ', `${name}: `, 'Tensor', calls.shape(value, call.frame, call))
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
