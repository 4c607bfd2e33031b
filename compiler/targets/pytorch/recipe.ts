import { present } from '../../../grammar/present.js'
import { weightsWithoutGradient } from '../../graph/gradient_flow.js'
import { type Graph, movingAverages, type Setting } from '../../graph/graph.js'
import { type SignatureAnswer, signatureOf } from '../../graph/signature.js'
import { settings } from '../../training/settings.js'
import { trainingSteps } from '../../training/training_steps.js'
import { callOf, type Expression, keyword, list, literal, quoted, source, tuple } from './expression.js'
import { isLine, statement } from './layout.js'
import { className, remark } from './python.js'

/**
 * `recipe.py`: what the train block says and how images come to the model, as constants and short functions that the training program
 * reads. Undefined for a model that has no loss.
 */
export function recipe(graph: Graph, version: string): string | undefined {
  const { label, labels, plan, image } = graph
  if (labels.length === 0 || graph.losses.length === 0) return undefined
  const signature = signatureOf(graph)
  const measured = graph.predictions.find(
    ({ meaning }) => meaning.kind === 'classes' && meaning.of === label?.name,
  )?.name
  const own = image.steps
  const augment = trainingSteps(graph)
  const viewed = graph.views.flatMap(({ steps }) => steps)
  const steps = [...new Set([...own, ...augment, ...viewed].map(({ name }) => name))].sort()
  const someUntrained = weightsWithoutGradient(graph, graph.nodes).length > 0
  const optimizer = present(settings.get(plan.optimizer.name)?.pytorch, `PyTorch code of ${plan.optimizer.name}`)
  const { rate, weight_decay: decay = 0, decays = 'all' } = plan.optimizer.arguments
  const average = plan.average?.arguments
  const constant = (name: string, code: Expression, comment = '') => statement('', `${name} = `, code, comment)
  const body = [
    ...constant('WSBAN', quoted(version), 'that wrote this'),
    ...constant('NAME', quoted(graph.name)),
    ...constant('SIZE', literal(image.height), 'height and width of the images that the model takes'),
    ...constant('CLASSES', literal(label?.size ?? 0), label ? '' : 'there is no class label'),
    ...statement(
      '',
      'LABELS: list[tuple[str, str, int]] = ',
      list(labels.map(({ name, kind, size }) => tuple([quoted(name), quoted(kind), literal(size)]))),
      'the label inputs in the order in which the model takes them',
    ),
    ...constant(
      'PREDICTION',
      measured ? quoted(measured) : source('None'),
      measured ? 'the probabilities of the class' : 'no probabilities of the class are predicted',
    ),
    ...statement(
      '',
      'ANSWERS: list[tuple[str, str, str]] = ',
      list((signature?.answers ?? []).flatMap(answerCode)),
      'predictions, how each is read, and its label input; none if the class is all',
    ),
    ...statement(
      '',
      'BRANCHES: list[str] = ',
      list(graph.logits.flatMap(({ name, of }) => (label && of === label.name ? [quoted(name)] : []))),
      'whose logits are those of the class',
    ),
    '',
    ...constant('EPOCHS', literal(plan.epochs)),
    ...constant('BATCH', literal(plan.batch), 'images that go through at once, in all processes'),
    ...constant('ACCUMULATE', literal(plan.accumulate), 'batches a step'),
    ...constant('STEPS', literal(plan.steps?.length ?? 1), 'optimizer steps on each batch'),
    ...constant('CLIP', floatCode(plan.clip), 'largest norm of all gradients together; 0: no limit'),
    ...constant('PATIENCE', literal(plan.patience), 'epochs without a better val top-1; 0: it never ends early'),
    ...constant('BALANCED', literal(plan.classWeights === 'balanced'), 'whether rare classes count more'),
    ...constant('RATE', floatCode(rate)),
    ...constant('WEIGHT_DECAY', floatCode(decay)),
    ...constant('DECAYS', quoted(String(decays)), 'all parameters, or weights: those of two dimensions and more'),
    ...statement('', 'GROUPS: list[Group] = ', list(plan.groups.map(groupCode))),
    ...statement(
      '',
      'TEACHERS: list[Teacher] = ',
      list(
        movingAverages(graph.parameters.values()).map(({ path, of, decay }) =>
          callOf('Teacher', quoted(path), quoted(of), keyword('decay', floatCode(decay))),
        ),
      ),
      'parts that are moving averages of others',
    ),
    ...statement(
      '',
      'AVERAGE: tuple[float, bool] | None = ',
      average ? tuple([floatCode(average.decay), literal(average.warm_up === true)]) : source('None'),
      'decay and warm-up of the moving average',
    ),
    ...statement(
      '',
      'SAMPLER: tuple[int, int] | None = ',
      plan.sampler ? tuple([literal(plan.sampler.classes), literal(plan.sampler.images)]) : source('None'),
      'classes in each batch, and images of each',
    ),
    ...statement(
      '',
      'MIX: list[tuple[str, float]] = ',
      list((plan.mix ?? []).map(({ name, arguments: given }) => tuple([quoted(name), floatCode(given.alpha)]))),
      'how batches are mixed, and alpha',
    ),
    ...constant(
      'UNTRAINED',
      literal(someUntrained || plan.steps !== undefined),
      'whether a step gives some weights no gradient',
    ),
    ...statement(
      '',
      'SLOTS: dict[str, str] = ',
      {
        kind: 'dict',
        entries: Object.entries(optimizer.slots).map(([ours, theirs]) => [quoted(ours), quoted(theirs)]),
      },
      "what the optimizer remembers: in checkpoints, in torch's state",
    ),
    '',
    '',
    'def make_optimizer(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:',
    ...statement('    ', 'return ', optimizer.create(plan.optimizer.arguments)),
    '',
    '',
    'def rate_factor(epoch: float, epochs: int) -> float:',
    '    """What the rate is multiplied by; epoch counts in fractions."""',
    ...statement('    ', 'return ', callCode(plan.schedule, ['epoch', 'epochs'])),
    '',
    '',
    'def prepare(image: Tensor) -> Tensor:',
    '    """An image as evaluation sees it."""',
    ...own.flatMap((step) => stepLines(step)),
    '    return image',
    '',
    '',
    'def augment(image: Tensor, random: Random) -> Tensor:',
    '    """An image as training sees it."""',
    ...augment.flatMap((step) => stepLines(step)),
    '    return image',
    ...graph.views.flatMap(({ name, steps }, index) => [
      '',
      '',
      `def ${viewFunction(index)}(image: Tensor, random: Random) -> Tensor:`,
      `    """The view ${remark(name)} of an image."""`,
      ...steps.flatMap((step) => stepLines(step)),
      '    return image',
    ]),
    '',
    '',
    ...statement(
      '',
      'VIEWS: list[View] = ',
      list(
        graph.views.map(({ name, size }, index) =>
          callOf('View', quoted(name), literal(size), source(viewFunction(index))),
        ),
      ),
      'further augmentations of an image, in the order in which the model takes them',
    ),
  ]
  const head = [
    `"""What the train block of ${remark(graph.name)} says, and how images come to the model."""`,
    '',
    'from __future__ import annotations',
    '',
    'from typing import Any',
    '',
    'import torch',
    'from torch import Tensor',
    '',
    'from image_dataset import View',
    ...importLines('image_steps', steps),
    `from model import ${className([graph.name])} as Model`,
    'from parameter_groups import Group',
    `from schedules import ${plan.schedule.name}`,
    'from seeded import Random',
    'from weight_averages import Teacher',
    '',
    '__all__ = ["Model"]',
    '',
  ]
  return `${[...head, ...body].join('\n')}\n`
}

function viewFunction(index: number): string {
  return `augment_view_${index + 1}`
}

function answerCode({ name, kind, of }: SignatureAnswer): Expression[] {
  return kind === 'logits' ? [] : [tuple([quoted(name), quoted(kind), quoted(of ?? '')])]
}

function importLines(module: string, names: readonly string[]): string[] {
  if (names.length === 0) return []
  const line = `from ${module} import ${names.join(', ')}`
  return isLine(line) ? [line] : [`from ${module} import (`, ...names.map((name) => `    ${name},`), ')']
}

/** `image = flip(image, random, probability=0.5)`; what exists only in training draws random numbers. */
function stepLines(step: Setting): string[] {
  const random = settings.get(step.name)?.onnx ? [] : ['random']
  return statement('    ', 'image = ', callCode(step, ['image', ...random]))
}

function callCode({ name, arguments: given }: Setting, variables: readonly string[]): Expression {
  const keywords = Object.entries(given).map(([key, value]) => keyword(key, literal(value)))
  return callOf(name, ...variables.map(source), ...keywords)
}

function groupCode({ name, path, rate, weightDecay, frozen, layers }: Graph['plan']['groups'][number]): Expression {
  return callOf(
    'Group',
    quoted(name),
    quoted(path),
    rate === 1 ? undefined : keyword('rate', floatCode(rate)),
    weightDecay === undefined ? undefined : keyword('weight_decay', floatCode(weightDecay)),
    frozen === 0 ? undefined : keyword('frozen', frozen === 'all' ? source('float("inf")') : floatCode(frozen)),
    layers === undefined
      ? undefined
      : keyword(
          'layers',
          tuple(Object.entries(layers).map(([part, factor]) => tuple([quoted(part), floatCode(factor)]))),
        ),
  )
}

/** A number that Python takes for a float. */
function floatCode(value: Setting['arguments'][string] | undefined): Expression {
  const text = String(present(value, 'a number'))
  return source(/^-?\d+$/.test(text) ? `${text}.0` : text)
}
