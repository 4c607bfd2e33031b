import { settingPage } from '../ops/page.js'
import { stepsLine, trainArguments, trainSettings } from './loop.js'
import type { SettingSpec } from './setting_spec.js'
import { settings } from './settings.js'

/** The train block as a page: its lines that are one value each. */
export function trainPage(): string {
  return settingPage({
    name: 'train',
    summary:
      'The settings of a train block that are a single value. `optimizer`, `schedule`, `average`, `sampler` and `cache` take one of the calls below; any other name declares a parameter group.',
    arguments: trainArguments,
  })
    .replace(/```wsban[\s\S]*?```\n\n/, '')
    .concat(`\n\n\`${stepsLine.example}\`: ${stepsLine.meaning}.`)
}

/** Returns the page of each line of a train block by its name: `epochs`, `optimizer`, and the block itself as `train`. */
export function trainBlockPages(): ReadonlyMap<string, () => string> {
  return new Map<string, () => string>([
    ['train', trainPage],
    ['augment', augmentPage],
    ...trainArguments.map((argument) => {
      const { name, meaning, default: standard, source } = argument
      const page = () =>
        `## ${name}\n\nA line of the train block: \`${name} = ${String(standard)}\`, the default.\n\n${sentence(meaning)}${source ? ` Source: ${source}.` : ''}\n\nOn the command line: \`--train ${name}=${String(standard)}\`.`
      return [name, page] as const
    }),
    [
      stepsLine.name,
      () =>
        `## ${stepsLine.name}\n\nA line of the train block: \`${stepsLine.example}\`.\n\n${sentence(stepsLine.meaning)}`,
    ],
    ...Object.entries(trainSettings).map(([name, { kind, standard }]) => {
      const intro = standard
        ? `A line of the train block that takes one of these calls; \`${standard}\` is the default.`
        : 'A line of the train block that takes one of these calls; without it there is none.'
      return [name, () => choicePage(name, intro, (setting) => setting.kind === kind)] as const
    }),
  ])
}

function augmentPage(): string {
  return choicePage(
    'augment',
    'A part of the train block: `augment image { ... }` lists the steps that training images go through, in their order.',
    ({ kind }) => kind === 'image step' || kind === 'batch step',
  )
}

function choicePage(name: string, intro: string, belongs: (setting: SettingSpec) => boolean): string {
  const rows = [...settings.values()].filter(belongs).map((setting) => `| \`${setting.name}\` | ${setting.summary} |`)
  return [`## ${name}`, '', intro, '', '| call | what it does |', '|---|---|', ...rows].join('\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
