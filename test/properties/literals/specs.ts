import fc from 'fast-check'
import { compile } from '../../../compiler/compile.js'
import { emitPytorch } from '../../../compiler/targets/pytorch/emit.js'
import { emitTfjs } from '../../../compiler/targets/tfjs/emit.js'
import { diskLibrary } from '../../../runtime/specs/library.js'
import type { StoredSpec } from '../../../runtime/specs/stored.js'

/** All text in a spec or its metadata that may come from others. */
export interface Texts {
  readonly path: string
  readonly comment: string
  /** A string in the spec. */
  readonly written: string
  /** A string given with --set. */
  readonly set: string
  /** The source of weights. */
  readonly weights: string
}

/** Distinct letters-only texts, which can be found again in the output. */
export const harmlessTexts: Texts = {
  path: 'harmlessPath',
  comment: 'harmlessComment',
  written: 'harmlessWritten',
  set: 'harmlessSet',
  weights: 'harmlessWeights',
}

/** One name for each role; the harmless ones are as long as those they stand for. */
export const roles = ['model', 'block', 'branch', 'again', 'binding', 'inner', 'crop', 'parameter', 'loss', 'answer']

export const harmlessNames = roles.map((role) => `${role}_name`)

export function specText(
  { comment, written, weights }: Pick<Texts, 'comment' | 'written' | 'weights'>,
  names: readonly string[],
): string {
  const [model, block, branch, again, binding, inner, crop, parameter, loss, answer] = names
  return `// ${comment}
block ${block}(x) { // ${comment}
  ${inner} = conv2d(x, 4, 3, padding = 1) // ${comment}
  return relu(${inner})
}
model ${model}(classes = 3, ${parameter} = ${quoted(written)}, other = "", weights = ${quoted(weights)}) {
  input image: Image[3, 8, 8]
  input label: Class[classes]
  branch ${branch}(image) {
    ${binding} = ${block}(image, weights = weights) // ${comment}
    logits = ${binding} -> global_avg_pool -> linear(${parameter} == "never" ? 5 : classes)
  }
  ${crop} = crop_sampler(image, guide = mean(${branch}.${binding}))
  branch ${again} = ${branch}(${crop})
  loss { ${loss} = cross_entropy(${branch}.logits, label) + cross_entropy(${again}.logits, label) }
  predict ${answer} = softmax(${branch}.logits)
  predict other = softmax(${again}.logits)
}
`
}

/** Returns a string literal of the language; characters that it cannot represent are removed. */
function quoted(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t' }
  return `"${text.replace(/["\\\n\t]/g, (c) => escapes[c] ?? '')}"`
}

export interface Compiled {
  readonly graph: Parameters<typeof emitPytorch>[0]
  readonly stored: StoredSpec
}

/** Compiles the spec; undefined, with the diagnostics, if it is rejected. */
export function compiled(texts: Texts, names: readonly string[]): Compiled | undefined {
  const source = texts.path
  const text = specText(texts, names)
  const settings = { other: texts.set }
  const { graph } = compile({ source, text }, diskLibrary(), settings)
  if (!graph) return undefined
  // Not a property called `__proto__`, whatever the path.
  return { graph, stored: { entry: source, files: Object.fromEntries([[source, text]]), imports: [], settings } }
}

export function filesOf({ graph, stored }: Compiled) {
  const options = { source: stored.entry, version: '0' }
  const typescript = emitTfjs(graph, { ...options, spec: stored })
  return {
    typescript: new Map(typescript.map(({ path, text }) => [path, text])),
    python: new Map(emitPytorch(graph, options).map(({ path, text }) => [path, text])),
  }
}

/** Characters that end a literal, a comment or a line in some target, or look like others. */
const pieces = [
  ...[
    '"',
    "'",
    '`',
    '\\',
    '\\\\',
    '\n',
    '\r',
    '\r\n',
    '\t',
    '\0',
    '\v',
    '\f',
    '\x1b',
    '\x7f',
    '\x85',
    '\u2028',
    '\u2029',
  ],
  ...[
    '"""',
    "'''",
    '*/',
    '/*',
    '//',
    '#',
    '-->',
    '<!--',
    '</script>',
    '$' + '{process.exit(1)}',
    '{exit()}',
    '{0!r}',
    '%s',
    ']]>',
  ],
  ...['\\u0022', '\\x22', '\\N{QUOTATION MARK}', '\\u{22}', '");exit(1)#', "');process.exit(1)//", '"""\nexit()\n"""'],
  ...['\u202e', '\u2066', '\u200b', '\ufeff', '\ud800', '\udc00', '\ud83d\ude00', 'ａ', 'ⅰ', 'а', 'é', 'e\u0301'],
  ...['import os', '# type: ignore', '__proto__', 'constructor', '../../x', '..\\x', ' ', ''],
]

const hostile = fc
  .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...pieces) }, fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''))

/** In a comment of the spec everything but the end of the line; in its strings what the language can write. */
export const hostileTexts: fc.Arbitrary<Texts> = fc.record({
  path: hostile,
  comment: hostile.map((text) => text.replace(/[\n\r]/g, ' ')),
  written: hostile.map((text) => text.replace(/\r/g, '')),
  set: hostile,
  weights: hostile.map((text) => `w${text.replace(/\r/g, '')}`),
})

export const hostileClasses = fc.array(hostile, { minLength: 3, maxLength: 3 })

const words = (
  'None True self super cls lambda class def nonlocal global async await yield torch nn F Tensor NamedTuple load_file load_weights answers losses ' +
  '__init__ __class__ __dict__ __del__ __proto__ constructor prototype toString valueOf hasOwnProperty arguments eval undefined NaN Infinity enum ' +
  'static let of type at tf model forward parameters names Scope Model half train state_dict _modules forward_2 Conv2d crop_sampler child dict str ' +
  'label image logits boxes attention weights x v v0 _ __ ___ a_ a__ class_ self_ Self print exit open exec Path export delete void'
).split(' ')

/** Ten different names. */
export const hostileNames = fc.uniqueArray(
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...words) }, fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)),
  { minLength: roles.length, maxLength: roles.length },
)
