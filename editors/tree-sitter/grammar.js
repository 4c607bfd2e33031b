/**
 * The language as a tree-sitter grammar, for editors that highlight, fold and indent by syntax trees. It accepts what `grammar/parser.ts`
 * accepts without a diagnostic; a test compares the two on every spec of the repository.
 */

/** @param {RuleOrLiteral} item */
const list = (item) => seq(item, repeat(seq(',', item)), optional(','))

/** Keywords that are names where their meaning is not asked for. */
const contextual = ['from', 'as', 'named', 'augment', 'epoch', 'epochs', 'step', 'steps']

/** Keywords that are names only after a dot and before the `=` of an argument. */
const reserved = [
  'import',
  'model',
  'block',
  'branch',
  'input',
  'loss',
  'predict',
  'train',
  'return',
  'repeat',
  'true',
  'false',
]

export default grammar({
  name: 'wsban',

  extras: ($) => [/[ \t\r\n\uFEFF]/, $.comment],

  word: ($) => $.identifier,

  // A keyword is no name even where that keyword cannot occur.
  reserved: { global: () => reserved },

  supertypes: ($) => [$.expression],

  // A comma, a name or a unit may belong to what was read or begin what follows; the token after it decides.
  conflicts: ($) => [[$.return_statement], [$.quantity]],

  rules: {
    source_file: ($) => repeat(choice($.import, $.model, $.block)),

    import: ($) =>
      seq(
        'import',
        field('name', $._name),
        repeat(seq(',', field('name', $._name))),
        'from',
        field('source', $.string),
      ),

    parameters: ($) => seq('(', optional(list($.parameter)), ')'),
    parameter: ($) => seq(field('name', $._name), optional(seq('=', field('default', $.expression)))),

    block: ($) => seq('block', field('name', $._name), field('parameters', $.parameters), field('body', $.body)),

    body: ($) => seq('{', repeat(seq(choice($.return_statement, $.binding), optional(','))), '}'),

    return_statement: ($) =>
      seq('return', field('value', $.expression), repeat(seq(',', field('value', $.expression)))),

    binding: ($) =>
      seq(field('name', choice($._name, alias($.string, $.quoted_name))), '=', field('value', $.expression)),

    model: ($) =>
      seq(
        'model',
        field('name', $._name),
        field('parameters', optional($.parameters)),
        '{',
        repeat(choice($.input, $.branch, $.loss, $.predict, $.train, $.binding)),
        '}',
      ),

    input: ($) =>
      seq(
        'input',
        field('name', $._name),
        ':',
        field('type', $._name),
        '[',
        list(field('dimension', $.expression)),
        ']',
        optional(field('steps', $.steps)),
      ),

    steps: ($) => seq('{', repeat(seq($.expression, optional(','))), '}'),

    branch: ($) =>
      seq(
        'branch',
        field('name', $._name),
        choice(seq('=', field('call', $.expression)), seq(field('parameters', $.parameters), field('body', $.body))),
      ),

    loss: ($) => seq('loss', '{', repeat(seq($.binding, optional(','))), '}'),

    predict: ($) => seq('predict', $.binding),

    train: ($) => seq('train', '{', repeat(seq(choice($.augmentation, $.binding), optional(','))), '}'),

    augmentation: ($) => seq('augment', field('input', $._name), field('steps', $.steps)),

    expression: ($) => choice($.conditional, $._pipeline),

    conditional: ($) =>
      seq(field('condition', $._pipeline), '?', field('true', $.expression), ':', field('false', $.expression)),

    _pipeline: ($) => choice($.pipeline, $._comparison),
    pipeline: ($) => seq(field('start', $._comparison), repeat1(seq('->', field('stage', $._postfix)))),

    _comparison: ($) => choice(alias($.comparison, $.binary), $._sum),
    comparison: ($) =>
      seq(field('left', $._sum), field('operator', choice('==', '!=', '<=', '>=', '<', '>')), field('right', $._sum)),

    // Steps need no comma between them; one ends only where it cannot go on: `a -b` is a difference, `a (b)` a call, `a [b]` an index.
    _sum: ($) => choice(alias($.sum, $.binary), $._product),
    sum: ($) => prec(1, seq(field('left', $._sum), field('operator', choice('+', '-')), field('right', $._product))),

    _product: ($) => choice(alias($.product, $.binary), $._unary),
    product: ($) => seq(field('left', $._product), field('operator', choice('*', '/')), field('right', $._unary)),

    _unary: ($) => choice($.negation, $._postfix),
    negation: ($) => seq('-', field('operand', $._unary)),

    _postfix: ($) => choice($.member, $.call, $.index, $._primary),
    member: ($) =>
      seq(
        field('object', $._postfix),
        '.',
        field('name', choice($._any_word, $.number, alias($.string, $.quoted_name))),
      ),
    call: ($) => prec(1, seq(field('function', $._postfix), field('arguments', $.arguments))),
    index: ($) => prec(1, seq(field('object', $._postfix), '[', field('index', $.expression), optional(','), ']')),

    arguments: ($) => seq('(', optional(list($.argument)), ')'),
    argument: ($) => seq(optional(seq(field('name', $._any_word), '=')), field('value', $.expression)),

    _primary: ($) => choice($.quantity, $.string, $.boolean, $.repetition, $._name, $.parenthesized, $.list),

    boolean: () => choice('true', 'false'),
    parenthesized: ($) => seq('(', $.expression, ')'),
    list: ($) => seq('[', optional(list($.expression)), ']'),
    quantity: ($) => choice($.number, prec.dynamic(1, seq($.number, field('unit', $.unit)))),
    unit: () => choice('%', 'epoch', 'epochs', 'step', 'steps'),

    repetition: ($) =>
      seq(
        'repeat',
        field('count', $._sum),
        optional(seq('as', field('index', $._name), ',')),
        $.carried,
        repeat(seq(',', $.carried)),
        optional(seq('named', field('named', $.string))),
        field('body', $.body),
      ),
    carried: ($) => seq(field('name', $._name), '=', field('start', $.expression)),

    _name: ($) => choice($.identifier, alias(choice(...contextual), $.identifier)),
    _any_word: ($) => choice($._name, alias(choice(...reserved), $.identifier)),

    identifier: () => /[A-Za-z_][A-Za-z0-9_]*/,
    number: () => /\d+(\.\d+)?([eE][+-]?\d+)?/,
    string: () => /"([^"\\\n\r]|\\["\\nt])*"/,
    comment: () => token(/\/\/[^\n\r]*/),
  },
})
