import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { codes, diagnosticPage } from '../compiler/diagnostics/page.js'
import { table } from '../compiler/diagnostics/table.js'
import { fold } from '../compiler/diagram/fold.js'
import { svgOf } from '../compiler/diagram/svg.js'
import { operations } from '../compiler/ops/index.js'
import type { Operation } from '../compiler/ops/operation.js'
import { operationPage, settingPage } from '../compiler/ops/page.js'
import { trainPage } from '../compiler/training/page.js'
import { settings } from '../compiler/training/settings.js'
import { textMateGrammar } from '../editors/language/textmate.js'
import { highlights } from '../editors/language/tree_sitter_queries.js'
import { writeAtomically } from '../runtime/files.js'
import { packageRoot } from '../runtime/package_root.js'
import { compileFile } from '../runtime/specs/spec.js'
import { methodsTable } from './methods_table.js'
import { curves, operationFigure } from './operation_figure.js'
import { pythonHelpers } from './python_helpers.js'

/** Generated files by path: pages that repeat what the compiler knows, and modules made of Python files. A test compares them with what is in the repository. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/operations.md', operationsPage()],
    ...operationList().map((operation) => [`docs/operations/${operation.name}.md`, pageOf(operation)] as const),
    ...operationList().map(
      (operation) => [`docs/figures/operations/${operation.name}.svg`, operationFigure(operation)] as const,
    ),
    ['docs/settings.md', settingsPage()],
    ['docs/diagnostics.md', diagnosticsPage()],
    ...codes().map((code) => [`docs/diagnostics/${code}.md`, `${diagnosticPage(code).replace(/^##/, '#')}\n`] as const),
    ['docs/methods.md', methodsPage()],
    ...methods.map((name) => [`docs/figures/${name}.svg`, figure(name)] as const),
    ...pythonHelpers(),
    ['editors/vscode/syntaxes/wsban.tmLanguage.json', `${JSON.stringify(textMateGrammar(), undefined, 2)}\n`],
    ['editors/neovim/queries/wsban/highlights.scm', highlights('neovim')],
    ['editors/helix/queries/wsban/highlights.scm', highlights('helix')],
    ['editors/zed/languages/wsban/highlights.scm', highlights('zed')],
  ])
}

/** The page as it is, with its table of costs measured anew. */
function methodsPage(): string {
  const page = readFileSync(join(packageRoot(), 'docs', 'methods.md'), 'utf8')
  return page.replace(
    /(<!-- measured by npm run docs -->\n\n)\|[\s\S]*?\|\n(?=\n)/,
    (_, mark: string) => `${mark}${methodsTable()}\n`,
  )
}

const methods = ['wsban', 'wsdan', 'tasn', 'bilinear_cnn', 'cam', 'cal']

/** The figure that `wsban graph` draws. */
function figure(name: string): string {
  const { graph } = compileFile(join(packageRoot(), 'models', `${name}.wsban`))
  if (!graph) throw new Error(`models/${name}.wsban does not compile`)
  return svgOf(fold(graph))
}

function operationList(): readonly Operation[] {
  return [...operations.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function operationsPage(): string {
  const rows = operationList().map(
    (operation) =>
      `| [\`${operation.name}\`](operations/${operation.name}.md) | ${operation.documentation.summary} | ${inFile(operation)} |`,
  )
  return `# Operations

All operations of the language. Shapes are channels first and omit the batch: feature maps are channels x height x width. Every operation supports training
on all engines. Optimizers, schedules and image steps are listed in [settings](settings.md).

This page is generated from \`compiler/ops/\` by \`npm run docs\`.

| operation | description | exported file |
|---|---|---|
${rows.join('\n')}
`
}

function inFile({ lowering, semantics }: Operation): string {
  if (lowering.onnx === 'training only') return 'training only'
  return semantics?.lowPrecision ? 'fp32, fp16, int8' : 'fp32'
}

function pageOf(operation: Operation): string {
  const { name, cases, documentation } = operation
  const { summary, formula } = documentation
  const text = operationPage(operation).replace(/^## .*\n\n/, '')
  const alternative = curves.includes(name)
    ? `the curve of ${name}`
    : `${name} of one image: its operands and its result`
  const image = `![${alternative}](../figures/operations/${name}.svg)`
  const shown = [summary, ...(formula === undefined ? [] : [`$$\n${formula}\n$$`]), image].join('\n\n')
  return `# ${name}

${text.replace(summary, () => shown)}

## Support

| target | support |
|---|---|
| TensorFlow.js | native TensorFlow, WebAssembly, plain JavaScript |
| exported ONNX file | ${inFile(operation)} |
| PyTorch | yes |

Test cases, compared with a reference in double precision on every engine: ${cases.map((one) => one.name).join('; ')}.
`
}

function settingsPage(): string {
  const kinds = ['optimizer', 'schedule', 'average', 'sampler', 'cache', 'group', 'image step', 'batch step'] as const
  return `${[
    '# Settings',
    'The settings of a [train block](training.md#the-train-block), and the steps for images in an input declaration or an augment block.',
    'This page is generated from `compiler/training/` by `npm run docs`.',
    trainPage(),
    ...kinds.flatMap((kind) => [...settings.values()].filter((setting) => setting.kind === kind).map(settingPage)),
  ].join('\n\n')}\n`
}

function diagnosticsPage(): string {
  const rows = codes()
    .sort()
    .map((code) => {
      const { severity, explanation } = table[code]
      return `| [\`${code}\`](diagnostics/${code}.md) | ${severity} | ${firstSentence(explanation).replaceAll('|', '\\|')} |`
    })
  return `# Diagnostics

All errors and warnings of the compiler, each with an example and its correction. A warning can be [allowed with a comment](language.md#warnings); errors
have to be fixed. \`wsban explain CODE\` prints the same page.

This page is generated from \`compiler/diagnostics/\` by \`npm run docs\`.

| code | severity | meaning |
|---|---|---|
${rows.join('\n')}
`
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?= |$)/s.exec(text)?.[0] ?? text
}

if (process.argv[1]?.endsWith('generate.ts'))
  for (const [path, text] of generatedPages()) await writeAtomically(join(packageRoot(), path), text)
