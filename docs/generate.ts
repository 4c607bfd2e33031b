import { join } from 'node:path'
import { table } from '../compiler/diagnostics/table.js'
import { operations } from '../compiler/ops/index.js'
import { operationPage } from '../compiler/ops/page.js'
import { trainArguments } from '../compiler/training/loop.js'
import { settings } from '../compiler/training/settings.js'
import { textMateGrammar } from '../editors/language/textmate.js'
import { writeAtomically } from '../runtime/files.js'
import { packageRoot } from '../runtime/package-root.js'

/** Pages that repeat what the compiler knows, by path. A test compares them with what is in the repository. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/operations.md', operationsPage()],
    ['docs/diagnostics.md', diagnosticsPage()],
    ['editors/vscode/syntaxes/wsban.tmLanguage.json', `${JSON.stringify(textMateGrammar(), undefined, 2)}\n`],
  ])
}

function operationsPage(): string {
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)
  const list = [...operations.values()].sort(byName)
  const kinds = ['optimizer', 'schedule', 'average', 'group', 'image step', 'batch step'] as const
  const block = {
    name: 'train',
    summary:
      'The lines of a train block that are one value each. `optimizer`, `schedule` and `average` take what follows; any other name may be given to a `group`.',
    arguments: trainArguments,
  }
  return [
    '# Operations',
    'Written by `npm run docs` from `compiler/ops/`. Feature maps are channels x height x width; the batch is never written.',
    '| operation | what it computes | in the exported file |\n|---|---|---|',
    ...list.map(
      ({ name, summary, onnx }) =>
        `| [\`${name}\`](#${name}) | ${summary} | ${onnx === 'training only' ? 'no, training only' : 'yes'} |`,
    ),
    ...list.map(operationPage),
    '# Settings of training and of pictures',
    operationPage(block).replace(/```wsban[\s\S]*?```\n\n/, ''),
    ...kinds.flatMap((kind) => [...settings.values()].filter((setting) => setting.kind === kind).map(operationPage)),
  ]
    .join('\n\n')
    .replaceAll('|---|\n\n|', '|---|\n|')
    .replaceAll(/ \|\n\n\| \[/g, ' |\n| [')
    .concat('\n')
}

function diagnosticsPage(): string {
  const entries = Object.entries(table).sort(([a], [b]) => (a < b ? -1 : 1))
  const parts = entries.map(
    ([code, { severity, explanation }]) =>
      `## ${code}\n\n${severity === 'error' ? 'An error.' : 'A warning.'} ${explanation}`,
  )
  return `${['# Diagnostics', 'Written by `npm run docs` from `compiler/diagnostics/table.ts`.', ...parts].join('\n\n')}\n`
}

if (process.argv[1]?.endsWith('generate.ts'))
  for (const [path, text] of generatedPages()) await writeAtomically(join(packageRoot(), path), text)
