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
  if (found === '*' && before === '*') return 'write pow(x, 2)'
  if ([found, before].some((word) => foreign.has(word)))
    return 'a binding is NAME = VALUE; a block begins with block NAME(...) {, a path through the model with branch NAME(...) {'
  if (found === ':') return 'values are given with =, and groups are written in { }'
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
      'The text does not follow the grammar at this point. The parser recovers at the next statement, so errors in the rest of the file are reported as well.',
  }),
  'unknown-character': error<{ found: string; write: string | undefined }>({
    message: ({ found }) => `unrecognized token \`${found}\``,
    help: ({ write }) =>
      write === undefined
        ? 'names are letters, digits and underscores; strings stand in double quotes; comments begin with //'
        : `write ${write}`,
    explanation: 'The file contains a character that no token of the language starts with.',
  }),
  'not-a-name': error<{ found: string }>({
    message: ({ found }) => `${found} cannot be a name`,
    help: ({ found }) =>
      found.includes('{')
        ? 'the name of a round is letters, digits, _, - and values in braces: "layer{i + 1}"'
        : 'a name in quotes is letters, digits, _ and -; each part of a dotted name has quotes of its own: x."0".conv',
    explanation:
      'A name in quotes becomes one part of the names of weights and nodes, so it consists of letters, digits, underscores and hyphens. A dot separates the parts: a weight `attn.qkv.weight` belongs to a binding `qkv` inside of a block that is called `attn`.',
  }),
  /** Without `deepest` the limit was not exceeded, but the call stack of the process was. */
  'too-deep': error<{ deepest: number | undefined }>({
    message: ({ deepest }) =>
      deepest === undefined
        ? 'nested too deeply for the stack of this process'
        : `nested more than ${deepest} levels deep`,
    help: () => 'bind inner expressions to names, one binding per line',
    explanation:
      'Parentheses, calls or conditionals are nested too deeply. Split the expression into several bindings, which also makes their values available as taps.',
  }),

  // --- files and imports
  'import-not-found': error<{ path: string; tried: readonly string[]; suggestion: string | undefined }>({
    message: ({ path }) => `there is no file for "${path}"`,
    replacement: ({ suggestion }) => suggestion && `"${suggestion}"`,
    help: ({ suggestion, tried }) =>
      suggestion ? `did you mean "${suggestion}"?` : `looked for ${tried.join(' and ')}`,
    explanation:
      'The path of an import does not lead to a file. Standard files are imported by their path in models/, such as "backbones/inception_v3"; your own files by a path relative to the importing file, such as "./blocks".',
  }),
  'import-cycle': error<{ cycle: readonly string[] }>({
    message: ({ cycle }) => `files import each other in a circle: ${cycle.join(' -> ')}`,
    help: () => 'move what both need into a third file',
    explanation:
      'A file imports itself, directly or through other files. Since a file can only be read after the files it imports, there is no order in which to read them.',
  }),
  'not-exported': error<Suggested & { path: string }>({
    message: ({ name, path }) => `"${path}" has no block \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation:
      'The imported file exists, but does not define a block of this name. Every block of a file can be imported, and nothing else.',
  }),

  // --- names
  'unknown-name': error<Suggested & { importable: string | undefined }>({
    message: ({ name }) => `nothing here is called \`${name}\``,
    replacement: (values) => (values.importable ? undefined : values.suggestion),
    insertion: ({ name, importable }) => importable && `import ${name} from "${importable}"`,
    help: (values) =>
      values.importable ? `import it: import ${values.name} from "${values.importable}"` : suggest(values),
    explanation:
      'The name is not defined at this point. A name refers to a binding on an earlier line, a parameter, an input, a branch, a block that this file defines or imports, or an operation. Bindings inside a branch or block are not visible outside of it; use a tap, such as master.features.',
  }),
  'unknown-backbone': error<Suggested>({
    message: ({ name }) => `no published backbone is called "${name}"`,
    replacement: ({ suggestion }) => suggestion && `"${suggestion}"`,
    help: ({ suggestion }) =>
      suggestion
        ? `did you mean "${suggestion}"?`
        : '`wsban backbones` lists the names; a block of your own is imported instead',
    explanation:
      '`backbone` knows the networks of its table by the names that timm publishes them under: the architecture, and after a dot the tag of its weights. Without a tag the usual weights are meant. `wsban backbones FILTER` lists the names.',
  }),
  'unknown-member': error<Suggested & { object: string }>({
    message: ({ name, object }) => `\`${object}\` has no member \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation:
      "The value has no inner binding or output of this name. After a dot comes the name of a binding inside the called block or branch, the number of a pipeline stage or a repeat's round, or the name of an operation's output.",
  }),
  'no-members': error<{ object: string; what: string }>({
    message: ({ object, what }) => `\`${object}\` is ${what}, which has no members`,
    explanation:
      'Only the result of calling a block, a branch, or an operation with weights or several outputs has members. A plain tensor, a number or an input has none.',
  }),
  'duplicate-name': error<{ name: string }>({
    message: ({ name }) => `\`${name}\` is already defined`,
    help: () => 'names become weights and nodes, so each must be unique in its scope: choose another',
    explanation:
      'Two bindings, parameters, inputs, branches or blocks of the same scope have the same name. Bindings cannot be reassigned, because their names also name weights and nodes of the exported file.',
  }),
  'recursive-block': error<{ name: string }>({
    message: ({ name }) => `block \`${name}\` calls itself recursively`,
    help: () => 'use `repeat N as i, x = start { ... }` for a fixed number of rounds',
    explanation:
      'A block calls itself, directly or through other blocks. Blocks are expanded when the model is compiled, so a recursive block would have no end. Use repeat for a fixed number of rounds.',
  }),
  'no-result': error<{ block: string | undefined }>({
    message: ({ block }) => `${block === undefined ? 'the body of this repeat' : `block \`${block}\``} returns nothing`,
    help: () => 'end it with `return VALUE`',
    explanation:
      'A block, or the body of a repeat, must end with `return`, which gives its value. Only branches may do without.',
  }),
  'unnamed-value': error<Record<string, never>>({
    message: () => 'a returned value needs a name by which the caller can refer to it',
    help: () => 'bind it first, NAME = ..., and return the name',
    explanation:
      'A block that returns several values gives them by their names, such as pair.attention. So each of them is a binding, a parameter, or a member. The body of a repeat returns values by position, and needs no names.',
  }),
  'after-return': error<Record<string, never>>({
    message: () => 'nothing may follow `return`',
    explanation: 'Statements after `return` would have no effect. `return` must be the last statement of a body.',
  }),

  // --- calls and arguments
  'not-callable': error<{ what: string; hidden?: string | undefined }>({
    message: ({ what }) => `${what} cannot be called`,
    help: ({ hidden }) => hidden && `this value hides the \`${hidden}\` that can be called: give it another name`,
    explanation:
      'The value cannot be called. Operations can be called, blocks (which creates new weights), and branches and bindings whose value is the result of a call (which reuses its weights).',
  }),
  'not-indexable': error<{ object: string; what: string }>({
    message: ({ object, what }) => `\`${object}\` is ${what}, which cannot be indexed`,
    help: () => 'an index follows a list, a repeat, or a pipeline whose stages are numbered',
    explanation:
      'Only lists, repeats and pipelines with several calls that make weights can be indexed: a list gives its items, a repeat its rounds, a pipeline its stages. To take a part of a tensor, use an operation.',
  }),
  'no-such-item': error<{ object: string; index: number; length: number }>({
    message: ({ object, index, length }) => `\`${object}\` has no item ${index}, it has ${length}`,
    help: ({ length }) => (length > 0 ? `items are counted from 0: the last one is ${length - 1}` : undefined),
    explanation:
      'The index is larger than the number of the last item of a list, round of a repeat, or stage of a pipeline. They are counted from 0.',
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
    explanation:
      'The operation, block or setting has no argument of this name. `wsban explain OPERATION` lists the arguments of an operation with their defaults.',
  }),
  'missing-argument': error<{
    callee: string
    name: string
    meaning: string | undefined
    calls?: readonly string[] | undefined
  }>({
    message: ({ callee, name }) => `\`${callee}\` needs \`${name}\``,
    help: ({ name, meaning, calls }) => meaning && `${name}: ${meaning}${calls ? `, as in ${calls.join(' or ')}` : ''}`,
    explanation: 'An argument without a default value was not given.',
  }),
  'too-many-arguments': error<{ callee: string; most: number; given: number; names: readonly string[] }>({
    message: ({ callee, most, given }) => `\`${callee}\` takes ${most} argument${most === 1 ? '' : 's'}, not ${given}`,
    help: ({ names }) => `its arguments: ${names.join(', ')}`,
    explanation:
      'The call has more positional arguments than the operation or block has parameters. The value on the left of `->` counts as the first one.',
  }),
  'repeated-argument': error<{ name: string }>({
    message: ({ name }) => `\`${name}\` is given twice`,
    explanation: 'An argument was given more than once: by position and by name, or twice by name.',
  }),
  'wrong-type': error<{ name: string; expected: string; found: string; instead?: string; replacement?: string }>({
    message: ({ name, expected, found }) => `${name} must be ${expected}, not ${found}`,
    help: ({ instead }) => instead && `write ${instead}`,
    replacement: ({ replacement }) => replacement,
    explanation:
      'The value does not have the type that is required here: for example, a string in place of a tensor, or a tensor in place of a number.',
  }),
  'out-of-range': error<{ name: string; value: string; range: string; advice: string | undefined }>({
    message: ({ name, value, range }) => `\`${name}\` must be ${range}, but is ${value}`,
    help: ({ advice }) => advice,
    explanation: 'The number is outside the range that the argument allows.',
  }),
  'unknown-word': error<Suggested & { argument: string }>({
    message: ({ name, argument }) => `\`${argument}\` cannot be \`${name}\``,
    replacement: suggested,
    help: ({ suggestion, known }) =>
      suggestion ? `did you mean \`${suggestion}\`? (${known.join(', ')})` : `one of: ${known.join(', ')}`,
    explanation: 'The argument accepts only one word of a fixed list.',
  }),
  'not-a-constant': error<{ what: string }>({
    message: ({ what }) => `${what} must be known when the model is compiled`,
    help: () => 'only numbers, parameters of the model and arithmetic on them are',
    explanation:
      'The value has to be known at compile time. Sizes, counts and conditions can be computed from numbers and parameters of the model, but not from tensors, random numbers, or the phase.',
  }),
  'division-by-zero': error<Record<string, never>>({
    message: () => 'division by zero',
    explanation:
      'The divisor of a constant expression, or the number that a tensor is divided by, is zero. The result would be infinite or not a number.',
  }),

  // --- shapes
  'spatial-mismatch': error<{ callee: string; first: string; second: string; firstSize: string; secondSize: string }>({
    message: ({ callee, first, second }) => `${callee} needs ${first} and ${second} of one height and width`,
    resize: ({ first, second }) => ({ argument: second, like: first }),
    help: ({ first, second }) => `take both from one tap point, or resize one: resize(${second}, like = ${first})`,
    explanation:
      'Two maps that are combined position by position must have the same height and width. Take both from the same tap, or resize one of them.',
  }),
  'shape-mismatch': error<{ callee: string; shapes: readonly string[]; axes?: readonly string[] }>({
    message: ({ callee, shapes, axes }) =>
      axes
        ? `${callee} cannot broadcast ${shapes.join(' with ')}`
        : `${callee} needs one shape, but got ${shapes.join(' and ')}`,
    help: ({ axes }) =>
      `${axes ? `sizes from the last axis, equal or 1 where they fit: ${axes.join(', ')}; ` : ''}other channels: conv2d(x, CHANNELS, 1); another height and width: resize(x, like = OTHER)`,
    explanation:
      'The operation works element by element. Arithmetic, comparisons, `minimum`, `maximum` and `where` broadcast as NumPy does: the axes of one image are aligned from the last one, and an axis of size 1, or one that is missing, is repeated. All other axes must be equal. Operations on lists of tensors, such as `mean(a, b)`, need one shape.',
  }),
  'attention-mismatch': error<{ shapes: string }>({
    message: ({ shapes }) => `dot_product_attention cannot combine q, k and v of ${shapes}`,
    help: () => 'q and k need as many features, k and v as many tokens, and all three the same axes before the tokens',
    explanation:
      'Attention compares each query with each key, so both need as many features, and averages the values of the keys, so each key needs one. Axes before the tokens, such as windows, are paired index by index.',
  }),
  'product-mismatch': error<{ left: string; right: string }>({
    message: ({ left, right }) => `cannot multiply ${left} by ${right} as matrices`,
    help: () =>
      'the columns of the first must be as many as the rows of the second, and the axes before equal; `transpose_a` and `transpose_b` exchange the last two axes',
    explanation:
      'A matrix product is a sum over the columns of the first matrix and the rows of the second, so there must be as many of them. The last two axes are the matrices; any axes before them are paired index by index and must be equal.',
  }),
  'reshape-mismatch': error<{ shape: string; values: number; wanted: string }>({
    message: ({ shape, values, wanted }) => `cannot reshape ${shape}, ${values} values, to ${wanted}`,
    help: () => 'the new sizes must multiply to as many values; one of them may be -1, which is then computed',
    explanation:
      'Reshaping keeps every value, so the product of the new sizes must be that of the old ones. One size may be -1 if the others divide the number of values. The batch is not counted.',
  }),
  'unknown-axis': error<{ name: string; axis: string; found: string }>({
    message: ({ name, axis, found }) => `\`${name}\` has no axis ${axis}: it has ${found}`,
    help: () => 'give an axis by its name, as `last`, or by its number: 0 is the first after the batch, -1 the last',
    explanation:
      'The operation computes over an axis that its operand does not have. Axes are named by what made them: feature maps have channels, height and width, part features have maps and features. Every axis also has a number, counted from the first one after the batch, or from the end with negative numbers.',
  }),
  'wrong-rank': error<{ name: string; expected: string; found: string }>({
    message: ({ name, expected, found }) => `\`${name}\` must be ${expected}, but is ${found}`,
    explanation:
      'The tensor has the wrong number of dimensions for the operation. Feature maps are channels x height x width, a single map is height x width, and embeddings and logits are one row.',
  }),
  'pairs-not-taken': error<{ callee: string }>({
    message: ({ callee }) => `\`${callee}\` does not take one number for each pair of images`,
    help: () => 'reduce it to one number for each image first, for example with mean(x, over = last)',
    explanation:
      'The batch size is not fixed, so a tensor of pairs has an axis of unknown length. Elementwise operations, reductions and `softmax` accept it; most other operations need a known length.',
  }),
  'empty-result': error<{ callee: string; input: string; kernel: string }>({
    message: ({ callee, input, kernel }) => `the output would be empty: ${callee} with kernel ${kernel} on ${input}`,
    help: () => 'use a larger image, a smaller kernel or stride, or more padding',
    explanation: 'The kernel is larger than the padded input, so the result would have no elements.',
  }),
  'padding-too-large': error<{ callee: string; kernel: string; padding: string }>({
    message: ({ callee, kernel, padding }) =>
      `${callee} may be padded by at most half its kernel: the kernel is ${kernel}, the padding ${padding}`,
    help: () => 'use a smaller padding or a larger kernel',
    explanation:
      'With a padding of more than half the kernel, some windows of a pooling would contain nothing but padding. PyTorch and ONNX Runtime reject this.',
  }),
  'classes-mismatch': error<{ callee: string; logits: number; classes: number }>({
    message: ({ callee, logits, classes }) => `${callee} compares ${logits} logits with a label of ${classes} classes`,
    help: ({ classes }) => `make the last layer linear(${classes}), best by the model's parameter: linear(classes)`,
    explanation:
      "The number of logits must equal the number of classes of the label. Use the model's parameter for both, so that they change together.",
  }),

  // --- the model as a whole
  'no-model': error<{ source: string }>({
    message: ({ source }) => `${source} defines no model`,
    help: () => 'a model begins with: model NAME(classes = 10, size = 224) { ... }',
    explanation:
      'The file defines blocks only, or nothing. Such a file can be imported and checked, but not compiled, trained or exported.',
  }),
  'several-models': error<{ count: number }>({
    message: ({ count }) => `a file holds one model, this one has ${count}`,
    explanation: 'A file may define only one model. Commands take a file, so it must be clear which model is meant.',
  }),
  'unknown-input-type': error<Suggested>({
    message: ({ name }) => `an input cannot be \`${name}\``,
    replacement: suggested,
    help: ({ suggestion }) =>
      suggestion
        ? `did you mean \`${suggestion}\`?`
        : 'Image[3, size, size], Class[classes], Labels[count] or Value[count]',
    explanation:
      'The type of an input is Image[channels, height, width], or that of a label: Class[count] for one of several classes, Labels[count] for any number of labels, Value[count] for numbers.',
  }),
  'wrong-input': error<{ what: string }>({
    message: ({ what }) => what,
    explanation:
      'A model has exactly one image input, which is square and has three channels, and any number of labels. The steps of the image input must end at its size.',
  }),
  'no-prediction': error<{ name: string }>({
    message: ({ name }) => `model \`${name}\` predicts nothing`,
    help: () => 'add: predict probabilities = softmax(BRANCH.logits)',
    explanation:
      'The model has no `predict` line. It defines the output of the trained model, which is the first output of the exported file.',
  }),
  'reserved-output': error<{ name: string; of: string }>({
    message: ({ name, of }) => `a prediction cannot be called \`${name}\`: this is the name of ${of}`,
    help: () => 'choose another name, such as probabilities',
    explanation:
      'The inputs and outputs of a trained model have names: the image, the predictions, `boxes` and `attention` of crops, `early` of cascades, and `logits/BRANCH`. A prediction with one of the other names could not be told from it.',
  }),
  'ambiguous-prediction': error<{ name: string; labels: readonly string[] }>({
    message: ({ name, labels }) =>
      `\`${name}\` could be the prediction of ${labels.map((label) => `\`${label}\``).join(' or ')}`,
    help: ({ labels }) =>
      `name it after the label input that it predicts (predict ${labels[0]} = ...), or compare its logits with that input in a loss`,
    explanation:
      'Predictions are measured by label inputs. Several label inputs have the size of this prediction, and no loss compares it with exactly one of them.',
  }),
  'cannot-balance': error<{ labels: readonly string[] }>({
    message: ({ labels }) => {
      const found = labels.length === 0 ? 'no label input' : `the label inputs ${labels.join(', ')}`
      return `\`class_weights\` needs a single Class input, and the model has ${found}`
    },
    help: () => 'leave class_weights out, and weight the losses instead',
    explanation:
      'class_weights = balanced weights each class by how rare it is. With several label inputs, or labels that are no classes, these weights are not defined.',
  }),
  'unscored-prediction': warning<{ name: string; label: string; call: string }>({
    message: ({ name, label }) =>
      `\`${name}\` has a value for each of \`${label}\`, but no probabilities: it is not measured by \`${label}\``,
    help: ({ call }) => `predict the probabilities: ${call}(...)`,
    explanation:
      'A loss compares this prediction with a label input, and it has as many values, but the compiler cannot tell that they are probabilities. Accuracy, calibration and average precision are computed from probabilities: softmax for classes, sigmoid for labels.',
  }),
  'label-in-answer': error<{ name: string; input: string }>({
    message: ({ name, input }) => `\`${name}\` depends on \`${input}\`, which is not known when the model predicts`,
    help: () => 'write `training ? A : B` with a B that does without it, such as the predicted class',
    explanation:
      'A prediction, the logits of a branch that predictions use, or the box of the crop depends on the label in inference. The label is known in training only: use it in losses, or on the training side of `training ? A : B`.',
  }),
  'view-in-answer': error<{ name: string; input: string }>({
    message: ({ name, input }) => `\`${name}\` depends on the view \`${input}\`, which exists in training alone`,
    help: () => 'let it depend on the image, and use the view in losses',
    explanation:
      'A view is a further augmentation of the image. A model that predicts is given the image alone, so no prediction, no logits of a branch that predictions use, and no box of a crop can depend on a view in inference.',
  }),
  'average-of-unused': error<{ name: string; averaged: string }>({
    message: ({ name, averaged }) => `\`${name}\` is the moving average of \`${averaged}\`, which nothing uses`,
    help: () => 'let a loss or a prediction depend on the part that is averaged, or leave its average out',
    explanation:
      'The weights of `ema(...)` follow those of another part of the model. No loss and no prediction depends on that part, so it does not learn, and the average would never change.',
  }),
  'pairs-in-answer': error<{ name: string; operation: string }>({
    message: ({ name, operation }) =>
      `\`${name}\` depends on other images of the batch by \`${operation}\`, and a model predicts for one image`,
    help: () => 'use pairs in losses only, or write `training ? A : B` with a B that does without them',
    explanation:
      'A prediction, the logits of a branch that predictions use, or the box of the crop depends on pairs of images in inference. Each image gets the answer that it gets alone, so pairs belong in losses, or on the training side of `training ? A : B`.',
  }),
  'unknown-parameter': error<Suggested & { model: string }>({
    message: ({ name, model }) => `model \`${model}\` has no parameter \`${name}\``,
    help: suggest,
    explanation: "`--set NAME=VALUE` sets a parameter that is declared in the parentheses after the model's name.",
  }),
  'unknown-setting': error<Suggested>({
    message: ({ name }) => `training has no setting \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation:
      'The train block has no setting of this name. Any other name must be a parameter group: `backbone = group(master.trunk, rate = 10%)`.',
  }),
  'wrong-steps': error<{ what: string }>({
    message: ({ what }) => what,
    help: () => 'list every loss once, such as `steps = [first, second + third]`',
    explanation:
      'The line `steps` of the train block lists the losses of each optimizer step on a batch. Each loss belongs to one step; losses joined by `+` share a step. It cannot be combined with `accumulate`.',
  }),
  'sampler-batch': error<{ batch: number; classes: number; images: number }>({
    message: ({ batch, classes, images }) =>
      `\`batch\` is ${batch}, but the sampler fills batches with ${classes} x ${images} = ${classes * images} images`,
    help: ({ classes, images }) => `leave batch out, or set it to ${classes * images}`,
    explanation:
      'A sampler decides how many images a batch has: the number of classes times the number of images of each. `batch` may be left out, and if it is given it must agree.',
  }),
  'sampler-classes': error<{ classes: number; label: string | undefined; found: number }>({
    message: ({ classes, label, found }) =>
      label === undefined
        ? 'the sampler chooses images by their class, and the model has no Class input'
        : `the sampler takes ${classes} classes for each batch, but \`${label}\` has ${found}`,
    help: ({ label, found }) => (label === undefined ? undefined : `take at most ${found}: classes(${found}, ...)`),
    explanation:
      'A batch of the sampler has images of different classes of the first Class input. There must be at least as many classes as a batch takes.',
  }),
  'cannot-cache': error<{ why: string; instead: string }>({
    message: ({ why }) => `there are no features to cache: ${why}`,
    help: ({ instead }) => instead,
    explanation:
      'The line `cache` of the train block keeps what frozen parts of the model compute of each image. Some part has to be frozen for at least one epoch and depend on images alone, and the images have to be the same whenever their features are used: mixup and cutmix make new images of each batch.',
  }),
  'cannot-mix': error<{ name: string; why: string }>({
    message: ({ name, why }) => `\`${name}\` does not fit this model: ${why}`,
    help: ({ name }) => `take ${name} out of the augment block`,
    explanation:
      'mixup and cutmix combine two images into one and weight the loss by both labels. They require a classifier of the whole image trained with cross_entropy: a crop could contain parts of both images, and a centre belongs to a single class.',
  }),
  'model-too-large': error<{ most: number; what: string }>({
    message: ({ most, what }) => `the model would have more than ${most} ${what}`,
    help: () => 'is a repeat count or a size larger than intended?',
    explanation:
      'Blocks and repeats are expanded when the model is compiled, and the model exceeds a limit on its nodes, weights or activations. A model of this size does not fit into the memory of any machine; usually a count or a size is wrong.',
  }),
  'tensor-too-large': error<{ what: string; elements: number; most: number }>({
    message: ({ what, elements, most }) => `${what} would have ${elements} elements, more than ${most}`,
    help: () => 'is a size, or a number of channels or classes, larger than intended?',
    explanation:
      'The tensor has more elements than a 32-bit integer can count, which TensorFlow.js and most ONNX runtimes require.',
  }),
  'one-value-per-channel': error<{ operation: string }>({
    message: ({ operation }) => `\`${operation}\` would normalise each channel of one image's single cell by itself`,
    help: () => 'train with a batch of 2 or more, or leave the normalisation of 1 x 1 maps out',
    explanation:
      'In training, batch norm normalises each channel by the mean and variance of its values in the batch. With a single value per channel the variance is 0 and the output does not depend on the image. PyTorch rejects this as well.',
  }),
  'duplicate-parameter': error<{ name: string }>({
    message: ({ name }) => `two weights would be called \`${name}\``,
    help: () => 'give each call that makes weights a binding of its own',
    explanation:
      'Weights are named after the bindings that create them, and two weights would get the same name. Give each call that creates weights its own binding.',
  }),

  'no-weights': error<Suggested>({
    message: ({ name }) => `no weights are trained in \`${name}\``,
    help: suggest,
    replacement: suggested,
    explanation:
      'A parameter group refers to a part of the model by the path of its bindings, as in group(master.trunk), and this path has no trainable weights. Weights that are shared belong to the path of the call that created them.',
  }),

  // --- warnings
  'zero-loss': warning<Record<string, never>>({
    message: () => 'the model has no loss: it can be exported, but not trained',
    help: () => 'add: loss { NAME = cross_entropy(BRANCH.logits, label) }',
    explanation:
      'Without a `loss` block there is nothing to minimise. The model can be exported with initial weights, but not trained.',
  }),
  'no-gradient': warning<{ names: readonly string[] }>({
    message: ({ names: [first = '', ...rest] }) =>
      `no loss trains \`${first}\`${rest.length > 0 ? ` and ${rest.length} more` : ''}: it would keep its initial value`,
    help: () => 'let a loss depend on it by another way than through the guide of a crop, or load it with `weights`',
    explanation:
      'No loss has a gradient with respect to these weights, so training would not change them. Gradients stop at `detach` and at the guide of a sampler: an attention head that is used only as a guide is never trained. Use its maps for the logits as well, or load its weights.',
  }),
  'idle-loss': warning<{ name: string }>({
    message: ({ name }) => `the loss \`${name}\` trains nothing: no gradient comes from it to a weight`,
    help: () => 'take away what stops the gradient (detach), or take the line out',
    explanation:
      'The loss has no gradient with respect to any weight, because every path from it passes through `detach` or the guide of a sampler. It changes the reported total, but not the training.',
  }),
  'unused-binding': warning<{ name: string }>({
    message: ({ name }) => `nothing uses \`${name}\``,
    help: () => 'use it below, or take it out',
    explanation:
      'A binding or branch of the model is never used. It is not built and has no effect; often another line was meant to use it. Bindings inside blocks are not reported, since each may be used as a tap.',
  }),
  'unused-import': warning<{ name: string }>({
    message: ({ name }) => `nothing in this file uses \`${name}\``,
    help: () => 'use it, or remove it from the import',
    explanation:
      'The file imports a block and never uses it. The import has no effect; often another call was meant to use the block, or its name is hidden by a binding of the same name.',
  }),
  'unused-block': warning<{ name: string }>({
    message: ({ name }) => `the model does not use block \`${name}\``,
    help: () => 'call it, remove it, or move it to a file without a model if other files import it',
    explanation:
      'The file has a model, and the model calls the block neither directly nor through other blocks. The block has no effect. In a file without a model no block is reported, since such a file exists to be imported.',
  }),
  'unused-crop': warning<Record<string, never>>({
    message: () => 'the crop is unused: no loss or prediction depends on it',
    help: () => 'let a loss or predict use what a branch makes of the crop',
    explanation:
      'No loss and no prediction depends on the crop, so only its box is computed. A two-stage model needs a second pass on the crop.',
  }),
  'idle-cascade': warning<{ keeper: string | undefined; inner: boolean }>({
    message({ keeper, inner }) {
      if (inner) return 'a cascade in a branch or block skips nothing'
      const reason =
        keeper === undefined ? 'the first prediction needs all its weights' : `\`${keeper}\` needs it for every image`
      return `the cascade does not skip the second prediction: ${reason}`
    },
    help({ keeper, inner }) {
      if (inner) return 'write it in a `predict` line of the model'
      return keeper === undefined
        ? 'the first prediction should come from the first pass alone'
        : `leave out \`predict ${keeper}\`, or predict the second one without a cascade`
    },
    explanation:
      'A cascade saves time when whatever only its second prediction needs is not computed for confident images. Here nothing with weights is left to skip: another prediction needs the same pass, the first prediction contains it, or the cascade is in a branch or block, whose code all calls share.',
  }),
  'teacher-learns': warning<{ callee: string; argument: string }>({
    message: ({ callee, argument }) => `\`${argument}\` of ${callee} receives gradients`,
    help: ({ argument }) => `stop the gradient: ${argument} = detach(...)`,
    explanation:
      'The teacher of a distillation receives a gradient that pulls it towards its student. Most methods intend only the student to learn; stop the gradient with `detach`. If the gradient is intended, allow the warning and give the reason.',
  }),
  'softmax-twice': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, argument, giver }) =>
      `\`${argument}\` of ${callee} is already probabilities: it comes from ${giver}`,
    help: () => 'give it the logits; softmax belongs to predict alone',
    explanation:
      'cross_entropy, distill and softmax apply a softmax to their argument, which should be logits. Applied to probabilities, the result stays close to uniform, and training is slow.',
  }),
  'rectified-logits': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, argument, giver }) =>
      `\`${argument}\` of ${callee} cannot be negative: ${giver} clips them at 0`,
    help: ({ giver }) => `remove ${giver} after the last layer`,
    explanation:
      'A classifier lowers the score of a class by a negative logit. With an activation such as relu after the last layer, all classes whose logits were negative get the same score and no gradient, and training is slow or stops.',
  }),
  'unscaled-classifier': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, giver }) =>
      `the output of ${giver} has norm 1, too small as the input of a classifier: ${callee}`,
    help: () => 'put a factor between them: l2_normalize -> scale(100) -> linear(classes)',
    explanation:
      'The logits of an embedding of length 1 are too close together for a confident prediction, and training stalls. Published code multiplies the embedding by 100 first. The effective learning rate of the classifier grows with the square of that factor.',
  }),
  'enlarged-guide': warning<{ callee: string; argument: string; giver: string }>({
    message: ({ callee, giver }) => `the guide of ${callee} is upsampled by ${giver} before it is thresholded`,
    help: () =>
      "pass the map at its own resolution; crop_sampler's `resolution` sets the size at which it is thresholded",
    explanation:
      'Interpolation merges neighbouring regions of a map, so thresholding an enlarged map gives a different box. Pass the map at its own size: crop_sampler enlarges it as its `resolution` says (grid, x2, x4, image), and drop_sampler always enlarges it to the size of the image.',
  }),
  'other-normalization': warning<{ weights: string; wanted: string; found: string }>({
    message: ({ weights, wanted, found }) => `"${weights}" was trained with ${wanted}, not ${found}`,
    help: ({ wanted }) => `among the input's steps write ${wanted}`,
    explanation:
      'Pretrained weights expect images that are normalised as in their training. With another normalisation training works, but the accuracy is lower. The check covers the weights that `wsban weights pull` lists.',
  }),

  // --- comments that allow a warning
  'allow-without-reason': warning<{ code: string }>({
    message: ({ code }) => `\`${code}\` is allowed without a reason`,
    help: ({ code }) => `say why: // allow ${code}: kept for the heatmap`,
    explanation:
      'A comment that allows a warning must say why the warning does not apply, for the next reader of the file.',
  }),
  'unused-allow': warning<{ code: string }>({
    message: ({ code }) => `there is no \`${code}\` to allow here`,
    help: () => 'take the comment out, or put it on the line of the warning, or above it',
    explanation:
      'The comment allows a warning that its statement does not cause. If the warning occurs only with some parameters, write both codes: // allow other-normalization, unused-allow: with --set weights=...',
  }),
  'unknown-allow': warning<Suggested & { isError: boolean }>({
    message: ({ name, isError }) =>
      isError ? `\`${name}\` is an error, and cannot be allowed` : `no warning is called \`${name}\``,
    help: (values) => (values.isError ? undefined : suggest(values)),
    replacement: suggested,
    explanation:
      'A comment `// allow CODE: reason` must name the code of a warning. Errors cannot be allowed; they have to be fixed.',
  }),
} as const

export type Code = keyof typeof table
export type ValuesOf<C extends Code> = (typeof table)[C] extends Entry<infer Values> ? Values : never

function quoteFound(found: string): string {
  return found.startsWith('the ') ? found : `\`${found}\``
}
