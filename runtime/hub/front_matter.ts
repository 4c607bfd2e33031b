import type { ReportData } from '../report/data.js'

export interface CardMetadata {
  /** A licence by the hub's name for it: `apache-2.0`. */
  readonly license?: string
  /** Published weights of the hub that the training began with. */
  readonly baseModel?: string
  /** Whether timm loads the trunk. */
  readonly timm: boolean
  /** The name of the data set. */
  readonly dataSet: string
  readonly metrics: readonly CardMetric[]
}

export interface CardMetric {
  /** By the hub's name for it: `accuracy`. */
  readonly type: string
  readonly name: string
  readonly value: number
}

const joint = 'top-1 accuracy'

/**
 * Returns the accuracies of a report, by branch, the joint answer first; from the log where the report has not measured them.
 */
export function cardMetrics({
  evaluation,
  epochs,
  best,
}: Pick<ReportData, 'evaluation' | 'epochs' | 'best'>): CardMetric[] {
  const logged = epochs.find(({ epoch }) => epoch === best)
  const top1 = evaluation?.top1 ?? logged?.top1 ?? {}
  const accuracies = Object.entries(top1).map(([name, value]) => ({
    type: 'accuracy',
    name: name === 'joint' ? joint : `top-1 accuracy of ${name} alone`,
    value,
  }))
  const scores = Object.entries(logged?.scores ?? {}).map(([name, value]) => ({
    type: name.split(' ').at(-1) ?? name,
    name,
    value,
  }))
  return [...accuracies.sort((a, b) => Number(b.name === joint) - Number(a.name === joint)), ...scores]
}

/** Returns the front matter of a model card as the hub reads it: YAML between two lines of dashes. */
export function frontMatter(model: string, metadata: CardMetadata): string {
  const { license, baseModel, timm, dataSet, metrics } = metadata
  const list = (values: readonly string[]) => values.map((value) => `- ${quoted(value)}`)
  const lines = [
    ...(license === undefined ? [] : [`license: ${quoted(license)}`]),
    'library_name: "wsban"',
    'pipeline_tag: "image-classification"',
    'tags:',
    ...list([
      'wsban',
      'onnx',
      'safetensors',
      'fine-grained',
      'weakly-supervised',
      'attention',
      ...(timm ? ['timm'] : []),
    ]),
    ...(baseModel === undefined ? [] : [`base_model: ${quoted(baseModel)}`, 'base_model_relation: "finetune"']),
    ...(metrics.length === 0
      ? []
      : [
          'metrics:',
          ...list([...new Set(metrics.map(({ type }) => type))]),
          'model-index:',
          `- name: ${quoted(model)}`,
          '  results:',
          '  - task:',
          '      type: "image-classification"',
          '    dataset:',
          `      name: ${quoted(dataSet)}`,
          `      type: ${quoted(slug(dataSet))}`,
          '      split: "validation"',
          '    metrics:',
          ...metrics.flatMap(({ type, name, value }) => [
            `    - type: ${quoted(type)}`,
            `      name: ${quoted(name)}`,
            `      value: ${Number(value.toFixed(6))}`,
          ]),
        ]),
  ]
  return `---\n${lines.join('\n')}\n---\n`
}

/** The README of a static Space that shows the page of a model. */
export function spaceCard(title: string, repository: string, license: string | undefined): string {
  const lines = [
    `title: ${quoted(title)}`,
    'sdk: "static"',
    'app_file: "index.html"',
    'pinned: false',
    ...(license === undefined ? [] : [`license: ${quoted(license)}`]),
    'models:',
    `- ${quoted(repository)}`,
  ]
  return `---\n${lines.join('\n')}\n---\n`
}

/** A text as YAML reads it: in double quotes, in which JSON's escapes mean the same, and with nothing but ASCII. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[^\x20-\x7e]/gu, (character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length > 4 ? `\\U${code.padStart(8, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}

/** The hub identifies data sets by names of letters, digits, dashes, dots and underscores. */
function slug(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '') || 'images'
}
