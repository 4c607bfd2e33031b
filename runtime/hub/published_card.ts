import { basename, resolve } from 'node:path'
import type { ReportData } from '../report/data.js'
import { escapeMarkdown, renderModelCard } from '../report/model_card.js'
import { type CardMetadata, frontMatter } from './front_matter.js'
import { sharedSource } from './shared_run.js'
import { type TimmTrunk, trunkFile } from './timm_trunk.js'

export interface PublishedCard {
  readonly report: ReportData
  readonly metadata: CardMetadata
  readonly model: string
  /** `owner/name` */
  readonly repository: string
  /** The images as the report names them; only the last part of this path is published. */
  readonly data: string
  readonly trunk: TimmTrunk | undefined
}

/** Returns the README of a published run: the hub's front matter, the ways to use the files, and the model card. */
export function publishedCard({ report, metadata, model, repository, data, trunk }: PublishedCard): string {
  const sections = [usage(repository), ...(trunk ? [timmUsage(repository, trunk)] : [])]
  return `${frontMatter(model, metadata)}\n${sections.join('\n\n')}\n\n${renderModelCard(withoutPaths(report, data))}`
}

function usage(repository: string): string {
  return `## Files

| file | content |
|---|---|
| \`model.onnx\` | the whole method in one file, crop included: decoded images in, probabilities and boxes out |
| \`model.safetensors\` | all weights of the model |
| \`model.wsban\` | the model as it was written |
| \`run.json\`, \`log.jsonl\` | the settings and the metrics of the training |

\`\`\`sh
npx wsban pull ${repository}
npx wsban predict ${basename(repository)} photo.jpg
\`\`\``
}

function timmUsage(repository: string, { architecture, missing }: TimmTrunk): string {
  const [first] = missing
  const cut =
    first === undefined
      ? ''
      : `\n\nThe model uses the network up to the layer before ${escapeMarkdown(layerOf(first))}. timm builds the rest as well, with random weights (${missing.length} tensors): use the features before it, such as those of \`forward_intermediates\`.`
  return `The trunk by itself is in \`${trunkFile}\`, and loads in [timm](https://github.com/huggingface/pytorch-image-models) as ${escapeMarkdown(architecture)}:

\`\`\`python
trunk = timm.create_model("hf-hub:${repository}", pretrained=True)
\`\`\`${cut}`
}

/** The module of a tensor. */
function layerOf(tensor: string): string {
  return tensor.slice(0, tensor.lastIndexOf('.'))
}

/** The report without paths of the machine that it was measured on. */
function withoutPaths(report: ReportData, data: string): ReportData {
  const shown = (text: string) => text.replaceAll(resolve(data), basename(data)).replaceAll(data, basename(data))
  const facts = report.facts.map(
    ([name, value]) => [name, name === '--weights' ? sharedSource(value) : shown(value)] as const,
  )
  return { ...report, facts, ...(report.data && { data: { ...report.data, notes: report.data.notes.map(shown) } }) }
}
