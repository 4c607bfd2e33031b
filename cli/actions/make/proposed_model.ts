import type { ClassOrder } from '../../../runtime/data/class_order.js'
import { summarizeData } from '../../../runtime/projects/data_summary.js'
import { ownModel } from '../../../runtime/projects/model_text.js'
import { type Proposal, propose } from '../../../runtime/projects/proposal.js'
import { templates } from '../../../runtime/projects/templates.js'
import { readSpec, specFile } from '../../../runtime/specs/spec_file.js'
import { checkClassCount } from '../../../runtime/training/checks.js'
import type { Io } from '../../io.js'
import { ask, select } from '../../prompts.js'
import { openNewDataSet } from '../new_data_set.js'

export interface ProposedModel {
  readonly model: string
  /** The text of its spec. */
  readonly text: string
  readonly reasons: readonly string[]
  readonly classOrder: ClassOrder
}

interface ProposalRequest {
  readonly seed: number
  readonly epochs?: number
  readonly classOrder?: ClassOrder
  readonly mayAsk: boolean
}

/**
 * Returns a model for the images, with the settings of its training. The user at a terminal may choose another one.
 *
 * @param name of the model that is made
 */
export async function proposedModel(
  photos: string,
  name: string,
  { seed, epochs, classOrder: given, mayAsk }: ProposalRequest,
  io: Io,
): Promise<ProposedModel> {
  const { data, classOrder } = await openNewDataSet(photos, { seed, ...(given && { classOrder: given }) }, mayAsk, io)
  checkClassCount(data, photos)
  const summary = await summarizeData(data, photos)
  const [first] = templates
  if (!first) throw new Error('there is no template')
  let proposal = withEpochs(propose(first, summary), epochs)
  for (;;) {
    for (const reason of proposal.reasons) io.print(reason)
    if (!mayAsk || !io.canAsk()) break
    const answer = await select('Train this?', [
      { value: 'train', label: 'Train it' },
      { value: 'epochs', label: 'Another number of epochs' },
      { value: 'model', label: 'Another model' },
    ])
    if (answer === 'train') break
    if (answer === 'epochs') proposal = withEpochs(proposal, await epochsAsked(proposal))
    else {
      const chosen = await select(
        'Which model?',
        templates.map((template) => ({
          value: template.name,
          label: `${template.name.padEnd(13)} ${template.summary}`,
        })),
      )
      const template = templates.find((one) => one.name === chosen)
      if (template) proposal = propose(template, summary)
    }
  }
  const { model, settings, training, reasons } = proposal
  const comment = [`Begun as wsban's models/${model}.wsban.`, ...reasons.map((reason) => `${reason}.`)]
  const text = ownModel(readSpec(specFile(model)), { name, settings, training, comment })
  return { model, text, reasons, classOrder }
}

function withEpochs(proposal: Proposal, epochs: number | undefined): Proposal {
  if (epochs === undefined) return proposal
  const { training, reasons } = proposal
  return {
    ...proposal,
    training: { ...training, epochs },
    reasons: reasons.map((reason) => (/^\d+ epochs/.test(reason) ? `${epochs} epochs, as asked for` : reason)),
  }
}

async function epochsAsked({ training }: Proposal): Promise<number> {
  const answer = await ask('How many epochs?', {
    initial: String(training.epochs),
    problem: (text) => (/^[1-9]\d{0,4}$/.test(text.trim()) ? undefined : 'give a whole number, at least 1'),
  })
  return Number(answer)
}
