import { namedAnswers } from '../../graph/answers.js'
import { type Graph, type LabelInput, movingAverages, type ValueRef, type ViewInput } from '../../graph/graph.js'
import { answers } from '../../graph/phase.js'
import { reachable } from '../../graph/prune.js'
import * as python from '../../ops/python/index.js'
import { Plans } from '../plans.js'
import { type Item, Structure } from '../structure.js'
import { Body, type Surroundings } from './body.js'
import { codeWithoutOperands } from './call.js'
import { classText, constructorLines, withInner } from './classes.js'
import { callOf, type Expression, list, printExpression, source } from './expression.js'
import { importFrom, importLines, type PythonImport } from './imports.js'
import { definition, statement } from './layout.js'
import type { PythonHelper } from './lowering.js'
import { type ClassPlan, ModuleTree } from './modules.js'
import { Narrow } from './precision.js'
import { identifier, remark, stringCode } from './python.js'
import { readme } from './readme.js'
import { recipe } from './recipe.js'
import { separateCalls } from './separate_calls.js'

/** torchvision depends on Pillow, which reads images. */
const requirements = 'torch>=2.4\ntorchvision>=0.19\nsafetensors>=0.4\n'

/** The names that every model uses. */
const always: readonly PythonImport[] = [
  { module: 'safetensors.torch', name: 'load_file' },
  { module: 'torch', name: 'Tensor' },
  { module: 'torch', name: 'nn' },
]

export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

export interface PytorchOptions {
  /** The name of the spec, for the first line of each file. */
  readonly source: string
  readonly version: string
}

/**
 * Generates the model in PyTorch: `model.py` as a person would write it (one class per block or branch, one line per binding), `operations.py` with
 * operations that torch lacks, and requirements for pip. The same graph gives the same bytes; names in the state dict are the spec's paths.
 */
export function emitPytorch(whole: Graph, options: PytorchOptions): readonly GeneratedFile[] {
  const graph = separateCalls(whole)
  const structure = new Structure(graph, (node) => codeWithoutOperands(node, graph))
  const calls = new Plans(structure, identifier)
  const helpers = new Set<PythonHelper>()
  const imports = new Set<PythonImport>()
  // Which helpers are called is known only once all is written; then no class and no variable may have the name of one.
  const narrow = new Narrow(structure)
  write({ structure, calls, narrow, helpers, imports, reserved: [] })
  const names = withInner(helpers).map(({ name }) => name)
  const texts = write({ structure, calls, narrow, helpers, imports, reserved: names })
  const operations = operationsFile(helpers)
  const training = recipe(graph, options.version)
  return [
    { path: 'model.py', text: modelFile(graph, options, texts, { helpers, imports }) },
    ...(operations ? [{ path: 'operations.py', text: operations }] : []),
    ...(training ? [{ path: 'recipe.py', text: training }] : []),
    { path: 'requirements.txt', text: requirements },
    { path: 'README.md', text: readme(graph, options.source) },
  ]
}

function write(around: Omit<Surroundings, 'tree'>): readonly string[] {
  const tree = new ModuleTree(around.structure, around.calls, around.reserved, around.helpers)
  const classes = tree.classes.map(({ name }) => name)
  const full = { ...around, tree, reserved: [...around.reserved, ...classes] }
  return tree.classes.map((plan) => (plan.instances[0] === tree.root ? modelClass(plan, full) : classText(plan, full)))
}

/** The model itself: from normalised images to answers, and with labels to losses, too. */
function modelClass(plan: ClassPlan, around: Surroundings): string {
  const { structure } = around
  const { graph } = structure
  const body = new Body(structure.frame(0), undefined, plan, around)
  const answering = reachable(graph.nodes, answers(graph))
  // Nodes that no output depends on are computed in training only.
  const isAnswer = structure.computing(answering)
  const isLoss = (item: Item) => !isAnswer(item)
  const entry = (name: string, code: Expression) => statement('            ', `${stringCode(name)}: `, code, '', ',')
  const answerLines = namedAnswers(graph).flatMap(({ name, value }) => entry(name, body.code(value)))
  const trains = graph.labels.length > 0 && graph.losses.length > 0
  const nameOf = ({ value }: { readonly value: ValueRef }) => printExpression(body.code(value))
  const givenInTraining = trains ? [...graph.labels, ...graph.views] : []
  const absent = givenInTraining.map((input) => `${nameOf(input)} is None`).join(' or ')
  // In training answers may depend on labels and views, and a branch that they use may compute something else from them.
  const inputsOf = (item: Item) =>
    'node' in item ? item.node.inputs.map(({ value }) => value) : structure.inputs(item.frame)
  const given = new Set(
    structure.items(structure.frame(0)).flatMap((item) => (isLoss(item) ? [] : inputsOf(item).map(({ node }) => node))),
  )
  const needed = givenInTraining.filter(({ value }) => given.has(value.node))
  const losses = trains
    ? [
        needed.length > 0 ? '        if not labelled:' : `        if ${absent}:`,
        '            return answers',
        ...body.lines(isLoss),
        '        losses = {',
        ...graph.losses.flatMap(({ name, value }) => entry(`loss/${name}`, body.code(value))),
        '        }',
        '        return answers | losses',
      ]
    : ['        return answers']
  const {
    image,
    plan: { steps = [] },
  } = graph
  const inputNames = [image, ...givenInTraining].map(nameOf)
  const dispatch = steps.length > 0 ? stepDispatch(steps, inputNames, absent) : []
  const parameters = [
    'self',
    `${nameOf(image)}: Tensor`,
    ...givenInTraining.map((input) => `${nameOf(input)}: Tensor | None = None`),
    ...(steps.length > 0 ? [`${stepParameter}: int | None = None`] : []),
  ]
  const lines = [
    `class ${plan.name}(nn.Module):`,
    `    """${remark(graph.name)}: images [batch, ${image.channels}, ${image.height}, ${image.width}] to answers${trains ? ', and with labels to losses' : ''}."""`,
    '',
    ...constructorLines(plan, around),
    // Averages of other weights receive no gradient.
    ...movingAverages(graph.parameters.values()).map(
      ({ path }) => `        self.get_submodule(${stringCode(path)}).requires_grad_(False)`,
    ),
    '',
    ...definition('    ', 'forward', parameters, 'dict[str, Tensor]'),
    ...dispatch,
    ...(needed.length > 0 ? [`        labelled = not (${absent})`] : []),
    ...needed.flatMap((input) => absentLines(input, nameOf(input), nameOf(image), around)),
    ...body.lines(isAnswer),
    '        answers = {',
    ...answerLines,
    '        }',
    ...losses,
    ...steps.flatMap((names, index) => {
      const own = graph.losses.filter(({ name }) => names.includes(name))
      const values = own.map(({ value }) => value)
      return [
        '',
        ...definition(
          '    ',
          stepMethod(index),
          ['self', ...inputNames.map((name) => `${name}: Tensor`)],
          'dict[str, Tensor]',
        ),
        `        """The losses of one optimizer step: ${remark(names.join(', '))}."""`,
        ...body.lines(structure.computing(reachable(graph.nodes, values))),
        '        return {',
        ...own.flatMap(({ name, value }) => entry(`loss/${name}`, body.code(value))),
        '        }',
      ]
    }),
  ]
  return `${lines.join('\n')}\n`
}

/** The parameter of `forward` that selects one of several optimizer steps. */
const stepParameter = 'optimizer_step'

function stepMethod(index: number): string {
  return `forward_step_${index + 1}`
}

/** Returns the lines that compute the losses of a single step. DistributedDataParallel sees them because they run in `forward`. */
function stepDispatch(steps: readonly unknown[], inputs: readonly string[], absent: string): readonly string[] {
  const methods = steps.map((_, index) => source(`self.${stepMethod(index)}`))
  return [
    `        if ${stepParameter} is not None:`,
    `            if ${absent}:`,
    '                raise ValueError("a step needs every input of training")',
    ...statement('            ', 'steps = ', list(methods)),
    ...statement('            ', 'return ', callOf(`steps[${stepParameter} - 1]`, ...inputs.map(source))),
  ]
}

/** Returns the lines that put zeros in the place of a label or view that is not given, which nothing reads in inference. */
function absentLines(
  input: LabelInput | ViewInput,
  name: string,
  image: string,
  { helpers }: Surroundings,
): readonly string[] {
  const helper = 'kind' in input ? python.absent_label : python.absent_view
  helpers.add(helper)
  const size = 'kind' in input && input.kind === 'Class' ? '' : `, ${input.size}`
  return [`        if ${name} is None:`, `            ${name} = ${helper.name}(${image}, self.training${size})`]
}

function modelFile(
  graph: Graph,
  { source, version }: PytorchOptions,
  texts: readonly string[],
  { helpers, imports }: Pick<Surroundings, 'helpers' | 'imports'>,
): string {
  const classes = texts.join('\n\n')
  const loader = [
    'def load_weights(model: nn.Module, path: str) -> None:',
    '    """Reads a run\'s weights.safetensors; every name and shape has to fit."""',
    '    model.load_state_dict(load_file(path), strict=True)',
    '',
  ].join('\n')
  const called = [...helpers].map(({ name }) => name)
  const head = [
    `# ${remark(`${graph.name}, written by wsban ${version} from ${source}.`)}`,
    '# Shapes in comments read channels x height x width; the batch comes before them.',
    'from __future__ import annotations',
    '',
    ...importLines([...imports, ...always]),
    '',
    ...(called.length > 0 ? [importFrom('operations', called), ''] : []),
  ]
  return `${head.join('\n')}\n\n${classes}\n\n${loader}`
}

export function operationsFile(helpers: ReadonlySet<PythonHelper>): string | undefined {
  if (helpers.size === 0) return undefined
  const code = withInner(helpers)
    .map((helper) => helper.code)
    .join('\n\n')
  const imports = withInner(helpers).flatMap((helper) => helper.imports)
  const head = ['from __future__ import annotations', '', ...importLines(imports)]
  return `${head.join('\n')}\n\n\n${code}`
}
