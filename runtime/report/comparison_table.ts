import { clock } from '../training/clock.js'
import type { ComparedModel } from './compared.js'

/** A column of numbers; `text` is what a reader sees. */
interface Measure {
  /** The name in JSON. */
  readonly key: string
  readonly heading: string
  readonly value: (model: ComparedModel) => number | undefined
  readonly text: (value: number, model: ComparedModel) => string
  /** Absent if no value is better than another. */
  readonly better?: 'larger' | 'smaller'
}

export interface Cell {
  readonly text: string
  /** Whether no other model has a better value, and at least one has a worse one. */
  readonly best: boolean
}

export interface ComparisonTable {
  readonly headings: readonly string[]
  /** A row per model, a cell per heading. */
  readonly rows: readonly (readonly Cell[])[]
  /** The first headings, whose cells are words. */
  readonly words: number
}

const percent = (share: number) => (share * 100).toFixed(1)

/** Top-1 of the branches has columns of its own if there is more than one branch: the only branch is the prediction. */
function branchesOf({ evaluation }: ComparedModel): string[] {
  const branches = Object.keys(evaluation.top1).filter((name) => name !== 'joint')
  return branches.length > 1 ? branches : []
}

/** The columns for these models: top-5 only with more than five classes, branches only where there are some. */
function measuresOf(models: readonly ComparedModel[]): Measure[] {
  const branches = [...new Set(models.flatMap(branchesOf))]
  const manyClasses = models.some(({ evaluation }) => evaluation.perClass.length > 5)
  return [
    {
      key: 'top1',
      heading: 'top-1 %',
      value: ({ evaluation }) => evaluation.top1.joint,
      text: (value, { interval: [low, high] }) => `${percent(value)} (${percent(low)} to ${percent(high)})`,
      better: 'larger',
    },
    ...(manyClasses
      ? [
          {
            key: 'top5',
            heading: 'top-5 %',
            value: ({ evaluation }: ComparedModel) => evaluation.top5,
            text: percent,
            better: 'larger' as const,
          },
        ]
      : []),
    ...branches.map((branch) => ({
      key: `top1/${branch}`,
      heading: `${branch} %`,
      value: (model: ComparedModel) => (branchesOf(model).includes(branch) ? model.evaluation.top1[branch] : undefined),
      text: percent,
      better: 'larger' as const,
    })),
    {
      key: 'calibrationError',
      heading: 'calibration error %',
      value: ({ evaluation }) => evaluation.calibrationError,
      text: percent,
      better: 'smaller',
    },
    {
      key: 'parameters',
      heading: 'parameters',
      value: ({ parameters }) => parameters,
      text: short,
      better: 'smaller',
    },
    {
      key: 'multiplyAdds',
      heading: 'multiply-adds',
      value: ({ multiplyAdds }) => multiplyAdds,
      text: short,
      better: 'smaller',
    },
    { key: 'bytes', heading: 'MB', value: ({ bytes }) => bytes, text: megabytes, better: 'smaller' },
    { key: 'epochs', heading: 'epochs', value: ({ epochs }) => epochs, text: String },
    {
      key: 'trainingSeconds',
      heading: 'training',
      value: ({ trainingSeconds }) => trainingSeconds,
      text: clock,
      better: 'smaller',
    },
    {
      key: 'millisecondsPerImage',
      heading: 'ms/image',
      value: ({ millisecondsPerImage }) => millisecondsPerImage,
      text: (value) => value.toFixed(1),
      better: 'smaller',
    },
  ]
}

/** Returns the table of a comparison, for the terminal and the page; a measure that a model lacks is a dash. */
export function comparisonTable(models: readonly ComparedModel[]): ComparisonTable {
  const measures = measuresOf(models)
  const best = measures.map((measure) => bestOf(measure, models))
  const named = models.some(({ backbones }) => backbones.length > 0)
  return {
    headings: ['run', 'model', ...(named ? ['backbone'] : []), ...measures.map(({ heading }) => heading)],
    words: named ? 3 : 2,
    rows: models.map((model) => [
      { text: model.run, best: false },
      { text: model.model, best: false },
      ...(named ? [{ text: model.backbones.join(', ') || '-', best: false }] : []),
      ...measures.map(({ value, text }, index) => {
        const own = value(model)
        return { text: own === undefined ? '-' : text(own, model), best: best[index]?.includes(model) === true }
      }),
    ]),
  }
}

/** Returns which runs have the best value, by the name of the measure in JSON. */
export function bestRuns(models: readonly ComparedModel[]): Record<string, readonly string[]> {
  return Object.fromEntries(
    measuresOf(models).flatMap((measure) =>
      measure.better === undefined ? [] : [[measure.key, bestOf(measure, models).map(({ run }) => run)]],
    ),
  )
}

/** The models with the best value; none if all have the same one. */
function bestOf({ value, better }: Measure, models: readonly ComparedModel[]): readonly ComparedModel[] {
  const values = models.flatMap((model) => value(model) ?? [])
  if (better === undefined || new Set(values).size < 2) return []
  const best = better === 'larger' ? Math.max(...values) : Math.min(...values)
  return models.filter((model) => value(model) === best)
}

/** 48405288 as `48.4 M` */
function short(count: number): string {
  const [divisor, unit] = count >= 1e9 ? [1e9, ' G'] : count >= 1e6 ? [1e6, ' M'] : count >= 1e3 ? [1e3, ' k'] : [1, '']
  return `${(count / divisor).toFixed(divisor === 1 ? 0 : 1)}${unit}`
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
