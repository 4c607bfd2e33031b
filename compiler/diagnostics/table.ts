import type { Severity } from './diagnostic.js'

/** One kind of diagnostic: the message's template over typed values, the help line, and what `wsban explain` says. */
export interface Entry<Values> {
  readonly severity: Severity
  readonly message: (values: Values) => string
  readonly help?: (values: Values) => string | undefined
  /** The replacement for the underlined text, if that fixes the mistake. */
  readonly replacement?: (values: Values) => string | undefined
  /** A line at the top of the file that fixes the mistake. */
  readonly insertion?: (values: Values) => string | undefined
  /** Two arguments of the call: resizing one like the other fixes the mistake. */
  readonly resize?: (values: Values) => { readonly argument: string; readonly like: string }
  readonly explanation: string
}

const error = <Values>(entry: Omit<Entry<Values>, 'severity'>): Entry<Values> => ({ severity: 'error', ...entry })
const warning = <Values>(entry: Omit<Entry<Values>, 'severity'>): Entry<Values> => ({ severity: 'warning', ...entry })

interface Suggested {
  readonly name: string
  readonly suggestion: string | undefined
  readonly known: readonly string[]
}

/** "did you mean", else the list of what there is, as far as a person reads a list. */
const suggest = ({ suggestion, known }: Suggested): string | undefined => {
  if (suggestion) return `did you mean \`${suggestion}\`?`
  if (known.length === 0) return undefined
  return `known here: ${known.slice(0, 24).join(', ')}${known.length > 24 ? `, and ${known.length - 24} more` : ''}`
}

const suggested = ({ suggestion }: { readonly suggestion: string | undefined }) => suggestion

/** Words that open something in other languages. */
const foreign = new Set(['def', 'class', 'function', 'fn', 'func', 'let', 'var', 'const'])

/** The likely meaning for someone used to another language. */
function habit(found: string, before: string): string | undefined {
  if (found === '*' && before === '*') return 'there is no power: write x * x'
  if ([found, before].some((word) => foreign.has(word)))
    return 'a binding is NAME = VALUE; a block begins with block NAME(...) {, a path through the model with branch NAME(...) {'
  if (found === ':') return 'values are given with =, and what belongs together stands in { }'
  if (/^[0-9.]+$/.test(before) && /^[A-Za-z]/.test(found)) return 'after a number there may be %, epochs or steps'
  return undefined
}

/** Every diagnostic of the compiler. Codes are kebab-case and never change their meaning. */
export const table = {
  // --- reading the text
  'unexpected-token': error<{ expected: string; found: string; before: string; write: string | undefined }>({
    message: ({ expected, found }) =>
      expected === '' ? `\`${found}\` does not belong here` : `expected ${expected}, found ${quoteFound(found)}`,
    help: ({ found, before, write }) => (write === undefined ? habit(found, before) : `write ${write}`),
    explanation:
      'The text does not follow the grammar at this place. Reading goes on at the next statement, so later errors of the file are reported as well.',
  }),
  'unknown-character': error<{ found: string; write: string | undefined }>({
    message: ({ found }) => `\`${found}\` means nothing in this language`,
    help: ({ write }) =>
      write === undefined
        ? 'names are letters, digits and underscores; strings stand in double quotes; comments begin with //'
        : `write ${write}`,
    explanation: 'A character that no word, number, string or symbol of the language begins with.',
  }),
  /** Without `deepest` the limit was not exceeded, but the call stack of the process was. */
  'too-deep': error<{ deepest: number | undefined }>({
    message: ({ deepest }) =>
      deepest === undefined ? 'nested too deep for the stack of this process' : `nested more than ${deepest} deep`,
    help: () => 'give inner parts names of their own: a binding a line',
    explanation:
      'Brackets or conditions stand within one another more often than anyone could read. Split the expression into bindings.',
  }),

  // --- files and imports
  'import-not-found': error<{ path: string; tried: readonly string[]; suggestion: string | undefined }>({
    message: ({ path }) => `there is no file for "${path}"`,
    replacement: ({ suggestion }) => suggestion && `"${suggestion}"`,
    help: ({ suggestion, tried }) =>
      suggestion ? `did you mean "${suggestion}"?` : `looked for ${tried.join(' and ')}`,
    explanation:
      'A standard file is imported by its name under models/ ("backbones/inception_v3"), one of your own by its path from the importing file ("./blocks").',
  }),
  'import-cycle': error<{ cycle: readonly string[] }>({
    message: ({ cycle }) => `files import each other in a circle: ${cycle.join(' -> ')}`,
    help: () => 'move what both need into a third file',
    explanation: 'A file that imports itself, directly or by way of others, has no order in which it could be read.',
  }),
  'not-exported': error<Suggested & { path: string }>({
    message: ({ name, path }) => `"${path}" has no block \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation: 'An import names a block which the other file does not define.',
  }),

  // --- names
  'unknown-name': error<Suggested & { importable: string | undefined }>({
    message: ({ name }) => `nothing here is called \`${name}\``,
    replacement: (values) => (values.importable ? undefined : values.suggestion),
    insertion: ({ name, importable }) => importable && `import ${name} from "${importable}"`,
    help: (values) =>
      values.importable ? `import it: import ${values.name} from "${values.importable}"` : suggest(values),
    explanation:
      'A name is a binding above it, a parameter, a branch, a block of this file or an imported one, or an operation. A binding can be used only below the line that makes it.',
  }),
  'unknown-member': error<Suggested & { object: string }>({
    message: ({ name, object }) => `\`${object}\` has no \`${name}\` inside`,
    help: suggest,
    replacement: suggested,
    explanation:
      'After a dot stands the name of a binding inside the block or branch that was called, or of an output of an operation.',
  }),
  'no-members': error<{ object: string; what: string }>({
    message: ({ object, what }) => `\`${object}\` is ${what}: there is nothing inside to take`,
    explanation:
      'Only what a block, branch or operation with several outputs gave has bindings inside that a dot can reach.',
  }),
  'duplicate-name': error<{ name: string }>({
    message: ({ name }) => `\`${name}\` is already defined`,
    help: () => 'names become weights and nodes, so each one stands for one thing: choose another',
    explanation: 'Two bindings, parameters, branches or blocks of one scope share a name.',
  }),
  'recursive-block': error<{ name: string }>({
    message: ({ name }) => `block \`${name}\` calls itself, without end`,
    help: () => 'use `repeat N as i, x = start { ... }` for a fixed number of rounds',
    explanation:
      'Blocks are written out when the model is compiled. One that calls itself, directly or through others, would never end.',
  }),
  'no-result': error<{ name: string }>({
    message: ({ name }) => `block \`${name}\` returns nothing`,
    help: () => 'end it with `return` and the value it gives',
    explanation: 'A block, and the body of a repeat, ends in one `return`.',
  }),
  'after-return': error<Record<string, never>>({
    message: () => 'nothing may follow `return`',
    explanation: '`return` is the last line of a block.',
  }),

  // --- calls and arguments
  'not-callable': error<{ what: string }>({
    message: ({ what }) => `${what} cannot be called`,
    explanation:
      'What can be called: an operation, a block (makes new weights), and a branch or a binding made by a call (the same weights again).',
  }),
  'unknown-argument': error<Suggested & { callee: string }>({
    message: ({ name, callee }) => `\`${callee}\` has no argument \`${name}\``,
    replacement: suggested,
    help: ({ suggestion, known, name }) =>
      suggestion
        ? `did you mean \`${suggestion}\`? (${known.join(', ')})`
        : known.length > 0
          ? `its arguments: ${known.join(', ')}`
          : `leave out \`${name}\``,
    explanation: 'Arguments have fixed names; `wsban explain OPERATION` lists them with their defaults.',
  }),
  'missing-argument': error<{
    callee: string
    name: string
    meaning: string | undefined
    calls?: readonly string[] | undefined
  }>({
    message: ({ callee, name }) => `\`${callee}\` needs \`${name}\``,
    help: ({ name, meaning, calls }) => meaning && `${name}: ${meaning}${calls ? `, as in ${calls.join(' or ')}` : ''}`,
    explanation: 'An argument without a default has to be given.',
  }),
  'too-many-arguments': error<{ callee: string; most: number; given: number; names: readonly string[] }>({
    message: ({ callee, most, given }) => `\`${callee}\` takes ${most} argument${most === 1 ? '' : 's'}, not ${given}`,
    help: ({ names }) => `its arguments: ${names.join(', ')}`,
    explanation: 'More values were given by position than there are arguments.',
  }),
  'repeated-argument': error<{ name: string }>({
    message: ({ name }) => `\`${name}\` is given twice`,
    explanation: 'An argument was given by position and by name, or twice by name.',
  }),
  'wrong-type': error<{ name: string; expected: string; found: string; instead?: string; replacement?: string }>({
    message: ({ name, expected, found }) => `${name} must be ${expected}, not ${found}`,
    help: ({ instead }) => instead && `write ${instead}`,
    replacement: ({ replacement }) => replacement,
    explanation: 'A value of another kind was expected here.',
  }),
  'out-of-range': error<{ name: string; value: string; range: string; advice: string | undefined }>({
    message: ({ name, value, range }) => `\`${name}\` must be ${range}, but is ${value}`,
    help: ({ advice }) => advice,
    explanation: 'A number outside of what the argument can mean.',
  }),
  'unknown-word': error<Suggested & { argument: string }>({
    message: ({ name, argument }) => `\`${argument}\` cannot be \`${name}\``,
    replacement: suggested,
    help: ({ suggestion, known }) =>
      suggestion ? `did you mean \`${suggestion}\`? (${known.join(', ')})` : `one of: ${known.join(', ')}`,
    explanation: 'The argument takes one word of a fixed list.',
  }),
  'not-a-constant': error<{ what: string }>({
    message: ({ what }) => `${what} must be known when the model is compiled`,
    help: () => 'only numbers, parameters of the model and arithmetic on them are',
    explanation:
      'Counts and conditions are worked out by the compiler, so they cannot depend on a tensor or on chance.',
  }),
  'division-by-zero': error<Record<string, never>>({
    message: () => 'division by zero',
    explanation: 'A number, or every element of a tensor, would be infinite or not a number.',
  }),

  // --- shapes
  'spatial-mismatch': error<{ callee: string; first: string; second: string; firstSize: string; secondSize: string }>({
    message: ({ callee, first, second }) => `${callee} needs ${first} and ${second} of one height and width`,
    resize: ({ first, second }) => ({ argument: second, like: first }),
    help: ({ first, second }) => `take both from one tap point, or resize one: resize(${second}, like = ${first})`,
    explanation: 'Two maps that are combined cell by cell must have the same height and width.',
  }),
  'shape-mismatch': error<{ callee: string; shapes: readonly string[] }>({
    message: ({ callee, shapes }) => `${callee} needs one shape, but got ${shapes.join(' and ')}`,
    help: () =>
      'other channels: a 1x1 convolution, conv2d(x, CHANNELS, 1); another height and width: resize(x, like = OTHER)',
    explanation: 'The operation works element by element, so all its tensors have the same shape.',
  }),
  'wrong-rank': error<{ name: string; expected: string; found: string }>({
    message: ({ name, expected, found }) => `\`${name}\` must be ${expected}, but is ${found}`,
    explanation:
      'The tensor has another number of dimensions than the operation works on. Feature maps are channels x height x width; an embedding or logits are one row.',
  }),
  'empty-result': error<{ callee: string; input: string; kernel: string }>({
    message: ({ callee, input, kernel }) => `nothing is left: ${callee} with kernel ${kernel} on ${input}`,
    help: () => 'use a larger image, a smaller kernel or stride, or more padding',
    explanation: 'The window is larger than what it slides over, so the result would have no cells.',
  }),
  'padding-too-large': error<{ callee: string; kernel: string; padding: string }>({
    message: ({ callee, kernel, padding }) =>
      `${callee} may be padded by at most half its kernel: the kernel is ${kernel}, the padding ${padding}`,
    help: () => 'use a smaller padding or a larger kernel',
    explanation:
      'With more padding than half the kernel, some windows of a pool would hold nothing but padding. PyTorch and ONNX Runtime refuse it.',
  }),
  'classes-mismatch': error<{ callee: string; logits: number; classes: number }>({
    message: ({ callee, logits, classes }) => `${callee} compares ${logits} logits with a label of ${classes} classes`,
    help: ({ classes }) => `make the last layer linear(${classes}), best by the model's parameter: linear(classes)`,
    explanation: 'The logits of a classifier and the label it is compared with must have the same number of classes.',
  }),

  // --- the model as a whole
  'no-model': error<{ source: string }>({
    message: ({ source }) => `${source} defines no model`,
    help: () => 'a model begins with: model NAME(classes = 10, size = 224) { ... }',
    explanation: 'A file of blocks can be imported and checked, but not compiled, trained or exported.',
  }),
  'several-models': error<{ count: number }>({
    message: ({ count }) => `a file holds one model, this one has ${count}`,
    explanation: 'One model a file, so that the file says what is meant.',
  }),
  'unknown-input-type': error<Suggested>({
    message: ({ name }) => `an input cannot be \`${name}\``,
    replacement: suggested,
    help: ({ suggestion }) =>
      suggestion ? `did you mean \`${suggestion}\`?` : 'Image[3, size, size] or Class[classes]',
    explanation: 'Inputs are images, Image[channels, height, width], and what they show, Class[count].',
  }),
  'wrong-input': error<{ what: string }>({
    message: ({ what }) => what,
    explanation: 'A model has one square image with three channels as input, and at most one class label.',
  }),
  'no-prediction': error<{ name: string }>({
    message: ({ name }) => `model \`${name}\` predicts nothing`,
    help: () => 'add: predict probabilities = softmax(BRANCH.logits)',
    explanation: 'The predict line says what the trained model answers; it is the first output of the exported file.',
  }),
  'unknown-parameter': error<Suggested & { model: string }>({
    message: ({ name, model }) => `model \`${model}\` has no parameter \`${name}\``,
    help: suggest,
    explanation: "--set name=value sets a parameter that stands in the brackets after the model's name.",
  }),
  'unknown-setting': error<Suggested>({
    message: ({ name }) => `training has no setting \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation: 'Settings of the train block: epochs, batch, optimizer, schedule, and augment for the input.',
  }),
  'cannot-mix': error<{ name: string; why: string }>({
    message: ({ name, why }) => `\`${name}\` does not fit this model: ${why}`,
    help: ({ name }) => `take ${name} out of the augment block`,
    explanation:
      'mixup and cutmix make one image of two, and weigh the loss by both labels. That is for classifiers of the whole image with cross_entropy: a crop would find parts of either, and a centre belongs to one class.',
  }),
  'model-too-large': error<{ most: number; what: string }>({
    message: ({ most, what }) => `the model would have more than ${most} ${what}`,
    help: () => 'is a repeat count or a size larger than meant?',
    explanation:
      'Blocks and repeats are written out when the model is compiled; this many is nearly always a slip. The weights of a model, and the values ' +
      'that one image becomes on its way through it, must fit into the memory of some machine.',
  }),
  'tensor-too-large': error<{ what: string; elements: number; most: number }>({
    message: ({ what, elements, most }) => `${what} would have ${elements} elements, more than ${most}`,
    help: () => 'is a size, or a number of channels or classes, larger than meant?',
    explanation: 'TensorFlow.js and most ONNX runtimes count the elements of a tensor with 32-bit integers.',
  }),
  'one-value-per-channel': error<{ operation: string }>({
    message: ({ operation }) => `\`${operation}\` would normalise each channel of one image's single cell by itself`,
    help: () => 'train with a batch of 2 or more, or leave the normalisation of 1 x 1 maps out',
    explanation:
      'In training each channel is normalised by the mean and variance of its values in the batch. One value has a variance of 0: whatever the image, ' +
      'the output would be the same, and PyTorch refuses to train so.',
  }),
  'duplicate-parameter': error<{ name: string }>({
    message: ({ name }) => `two weights would be called \`${name}\``,
    help: () => 'give each call that makes weights a binding of its own',
    explanation: 'Weights are named by the bindings that make them, and one name stands for one weight.',
  }),

  'no-weights': error<Suggested>({
    message: ({ name }) => `no weights are trained in \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation:
      'A group of the train block names a part of the model by the path of its bindings, as its weights are named: group(master.trunk). A part that shares the weights of another one goes by the name of the first.',
  }),

  // --- warnings
  'zero-loss': warning<Record<string, never>>({
    message: () => 'the model has no loss: it can be exported, but not trained',
    help: () => 'add: loss { NAME = cross_entropy(BRANCH.logits, label) }',
    explanation: "Training makes the sum of the loss block's lines small.",
  }),
  'no-gradient': warning<{ names: readonly string[] }>({
    message: ({ names: [first = '', ...rest] }) =>
      `no loss trains \`${first}\`${rest.length > 0 ? ` and ${rest.length} more` : ''}: it would stay as it begins`,
    help: () => 'let a loss depend on it by another way than through the guide of a crop, or load it with `weights`',
    explanation:
      "Gradients stop at `detach` and at the boxes of a crop. A head that is used for nothing but a crop's guide therefore never learns: use its maps for the logits, too.",
  }),
  'idle-loss': warning<{ name: string }>({
    message: ({ name }) => `the loss \`${name}\` trains nothing: no gradient comes from it to a weight`,
    help: () => 'take away what stops the gradient (detach), or take the line out',
    explanation:
      'Training makes a loss small by moving weights along its gradient. From this line every way to a weight passes `detach`, or the guide of a crop, so it changes nothing but the total.',
  }),
  'unused-binding': warning<{ name: string }>({
    message: ({ name }) => `nothing uses \`${name}\``,
    help: () => 'use it below, or take it out',
    explanation:
      'A binding or branch of the model that no other line names. What nothing needs is not built, so it neither costs nor does anything; most often another line was meant to use it. Bindings of blocks are not meant: each one may be a tap.',
  }),
  'unused-crop': warning<Record<string, never>>({
    message: () => 'the crop is never looked at: no loss and no prediction depends on it',
    help: () => 'let a loss or predict use what a branch makes of the crop',
    explanation:
      'A crop is worth its second look. Where neither a loss nor a prediction depends on what is made of the crop, only its box is computed.',
  }),
  'teacher-learns': warning<{ callee: string; argument: string }>({
    message: ({ callee, argument }) => `\`${argument}\` of ${callee} is trained by what learns from it`,
    help: ({ argument }) => `stop the gradient: ${argument} = detach(...)`,
    explanation:
      'A teacher shows how it is done. With a gradient of its own it is also drawn towards its student, which in most methods is not meant. Where it is meant, allow it with that reason.',
  }),
  'softmax-twice': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, argument, giver }) =>
      `\`${argument}\` of ${callee} is probabilities already: ${giver} was there before`,
    help: () => 'give it the logits; softmax belongs to predict alone',
    explanation:
      'cross_entropy, distill and softmax begin with a softmax of their own. Of probabilities, which lie between 0 and 1, it makes an answer that can hardly become sure, and training goes slowly.',
  }),
  'unscaled-classifier': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, giver }) => `what ${giver} gives has length 1, too short for a classifier: ${callee}`,
    help: () => 'put a factor between them: l2_normalize -> scale(100) -> linear(classes)',
    explanation:
      'The logits of a row of length 1 lie so close together that no answer can become sure. Published code multiplies by 100 first, and the learning rate goes with the square of the factor.',
  }),
  'enlarged-guide': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, giver }) => `the guide of ${callee} was enlarged by ${giver} before its threshold is taken`,
    help: () => "give it the map as it is; crop_sampler's `resolution` says where the threshold is taken",
    explanation:
      'The cells between those of a map are made up by interpolation: regions grow together, and the box becomes another one. crop_sampler enlarges the map by itself as far as `resolution` says (grid, x2, x4, image), drop_sampler always to the image.',
  }),
  'other-normalization': warning<{ weights: string; wanted: string; found: string }>({
    message: ({ weights, wanted, found }) => `"${weights}" was trained with ${wanted}, not ${found}`,
    help: ({ wanted }) => `among the input's steps write ${wanted}`,
    explanation:
      'Published weights are worth little on images that are normalised in another way than those they were trained on; training goes on, and only the figures are worse. It is known for the weights that `wsban weights pull` lists.',
  }),

  // --- comments that allow a warning
  'allow-without-reason': warning<{ code: string }>({
    message: ({ code }) => `\`${code}\` is allowed without a reason`,
    help: ({ code }) => `say why: // allow ${code}: kept for the heatmap`,
    explanation: 'Whoever reads the file next should know why a warning does not matter here.',
  }),
  'unused-allow': warning<{ code: string }>({
    message: ({ code }) => `there is no \`${code}\` to allow here`,
    help: () => 'take the comment out, or put it on the line of the warning, or above it',
    explanation:
      'The comment allows a warning that its line does not get. Where only some settings bring the warning, write both: // allow other-normalization, unused-allow: with --set weights=...',
  }),
  'unknown-allow': warning<Suggested & { isError: boolean }>({
    message: ({ name, isError }) =>
      isError ? `\`${name}\` is an error, and cannot be allowed` : `no warning is called \`${name}\``,
    help: (values) => (values.isError ? undefined : suggest(values)),
    replacement: suggested,
    explanation:
      'A comment `// allow CODE: reason` names a warning by the code in its brackets. Errors have to be mended.',
  }),
} as const

export type Code = keyof typeof table
export type ValuesOf<C extends Code> = (typeof table)[C] extends Entry<infer Values> ? Values : never

function quoteFound(found: string): string {
  return found.startsWith('the ') ? found : `\`${found}\``
}
