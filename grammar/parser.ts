import { type CstNode, CstParser, type IOrAlt, type ParserMethod } from 'chevrotain'
import * as t from './tokens.js'

type Rule = ParserMethod<[], CstNode>
/** Of the rules that every expression goes through: made once, not at each of their calls. */
type Alternatives = IOrAlt<unknown>[]

/** Tokens before which a comma ends a `return`, beside the name of a binding. */
const separated: ReadonlySet<unknown> = new Set([t.RightBrace, t.ReturnKeyword])

/** The result of a parser without recovery for a text with an error. */
const whole = { recoveryValueFunc: (): CstNode => ({ name: 'file', children: {} }) }

/**
 * The concrete grammar. Line ends are not significant: no statement begins with a token that could continue the previous one. Error recovery is
 * Chevrotain's: inserting or deleting one token, otherwise resuming at the next statement.
 */
export class WsbanParser extends CstParser {
  /** The grammar is checked for mistakes of its own by the tests, not at every start. */
  readonly recovers: boolean

  constructor({ validate = false, recover = true } = {}) {
    super(t.tokens, {
      recoveryEnabled: recover,
      maxLookahead: 2,
      nodeLocationTracking: 'onlyOffset',
      skipValidations: !validate,
    })
    this.recovers = recover
    this.performSelfAnalysis()
  }

  readonly file: Rule = this.RULE(
    'file',
    () => {
      this.MANY(() =>
        this.OR([
          { ALT: () => this.SUBRULE(this.importing) },
          { ALT: () => this.SUBRULE(this.model) },
          { ALT: () => this.SUBRULE(this.block) },
        ]),
      )
    },
    whole,
  )

  readonly importing: Rule = this.RULE('importing', () => {
    this.CONSUME(t.ImportKeyword)
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.CONSUME(t.Name) })
    this.CONSUME(t.FromKeyword)
    this.CONSUME(t.StringLiteral)
  })

  readonly parameters: Rule = this.RULE('parameters', () => {
    this.CONSUME(t.LeftParen)
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.parameter) })
    this.CONSUME(t.RightParen)
  })

  readonly parameter: Rule = this.RULE('parameter', () => {
    this.CONSUME(t.Name)
    this.OPTION(() => {
      this.CONSUME(t.Equals)
      this.SUBRULE(this.expression)
    })
  })

  readonly block: Rule = this.RULE('block', () => {
    this.CONSUME(t.BlockKeyword)
    this.CONSUME(t.Name)
    this.SUBRULE(this.parameters)
    this.SUBRULE(this.body)
  })

  readonly body: Rule = this.RULE('body', () => {
    this.CONSUME(t.LeftBrace)
    this.MANY(() => this.SUBRULE(this.statement))
    this.CONSUME(t.RightBrace)
  })

  readonly statement: Rule = this.RULE('statement', () => {
    this.OR([{ ALT: () => this.SUBRULE(this.returning) }, { ALT: () => this.SUBRULE(this.binding) }])
    this.OPTION(() => this.CONSUME(t.Comma))
  })

  readonly returning: Rule = this.RULE('returning', () => {
    this.CONSUME(t.ReturnKeyword)
    this.SUBRULE(this.expression)
    this.MANY({
      GATE: () => this.LA(3).tokenType !== t.Equals && !separated.has(this.LA(2).tokenType),
      DEF: () => {
        this.CONSUME(t.Comma)
        this.SUBRULE2(this.expression)
      },
    })
  })

  readonly binding: Rule = this.RULE('binding', () => {
    this.OR([{ ALT: () => this.CONSUME(t.Name) }, { ALT: () => this.CONSUME(t.StringLiteral) }])
    this.CONSUME(t.Assign)
    this.SUBRULE(this.expression)
  })

  readonly model: Rule = this.RULE('model', () => {
    this.CONSUME(t.ModelKeyword)
    this.CONSUME(t.Name)
    this.OPTION(() => this.SUBRULE(this.parameters))
    this.CONSUME(t.LeftBrace)
    this.MANY(() => this.SUBRULE(this.modelItem))
    this.CONSUME(t.RightBrace)
  })

  readonly modelItem: Rule = this.RULE('modelItem', () => {
    this.OR([
      { ALT: () => this.SUBRULE(this.inputDeclaration) },
      { ALT: () => this.SUBRULE(this.branch) },
      { ALT: () => this.SUBRULE(this.loss) },
      { ALT: () => this.SUBRULE(this.predict) },
      { ALT: () => this.SUBRULE(this.train) },
      { ALT: () => this.SUBRULE(this.binding) },
    ])
  })

  readonly inputDeclaration: Rule = this.RULE('inputDeclaration', () => {
    this.CONSUME(t.InputKeyword)
    this.CONSUME(t.Name)
    this.CONSUME(t.Colon)
    this.CONSUME2(t.Name)
    this.CONSUME(t.LeftBracket)
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) })
    this.CONSUME(t.RightBracket)
    this.OPTION(() => this.SUBRULE(this.steps))
  })

  readonly steps: Rule = this.RULE('steps', () => {
    this.CONSUME(t.LeftBrace)
    this.MANY(() => {
      this.SUBRULE(this.expression)
      this.OPTION(() => this.CONSUME(t.Comma))
    })
    this.CONSUME(t.RightBrace)
  })

  readonly branch: Rule = this.RULE('branch', () => {
    this.CONSUME(t.BranchKeyword)
    this.CONSUME(t.Name)
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Equals)
          this.SUBRULE(this.expression)
        },
      },
      {
        ALT: () => {
          this.SUBRULE(this.parameters)
          this.SUBRULE(this.body)
        },
      },
    ])
  })

  readonly loss: Rule = this.RULE('loss', () => {
    this.CONSUME(t.LossKeyword)
    this.CONSUME(t.LeftBrace)
    this.MANY(() => {
      this.SUBRULE(this.binding)
      this.OPTION(() => this.CONSUME(t.Comma))
    })
    this.CONSUME(t.RightBrace)
  })

  readonly predict: Rule = this.RULE('predict', () => {
    this.CONSUME(t.PredictKeyword)
    this.SUBRULE(this.binding)
  })

  readonly train: Rule = this.RULE('train', () => {
    this.CONSUME(t.TrainKeyword)
    this.CONSUME(t.LeftBrace)
    this.MANY(() => {
      this.OR([{ ALT: () => this.SUBRULE(this.augmentation) }, { ALT: () => this.SUBRULE(this.binding) }])
      this.OPTION(() => this.CONSUME(t.Comma))
    })
    this.CONSUME(t.RightBrace)
  })

  readonly augmentation: Rule = this.RULE('augmentation', () => {
    this.CONSUME(t.AugmentKeyword)
    this.CONSUME(t.Name)
    this.SUBRULE(this.steps)
  })

  readonly expression: Rule = this.RULE('expression', () => {
    this.SUBRULE(this.pipeline)
    this.OPTION(() => {
      this.CONSUME(t.Question)
      this.SUBRULE(this.expression)
      this.CONSUME(t.Colon)
      this.SUBRULE2(this.expression)
    })
  })

  readonly pipeline: Rule = this.RULE('pipeline', () => {
    this.SUBRULE(this.comparison)
    this.MANY(() => {
      this.CONSUME(t.Arrow)
      this.SUBRULE(this.postfix)
    })
  })

  private readonly comparisons: Alternatives = [
    { ALT: () => this.CONSUME(t.EqualEqual) },
    { ALT: () => this.CONSUME(t.NotEqual) },
    { ALT: () => this.CONSUME(t.LessEqual) },
    { ALT: () => this.CONSUME(t.GreaterEqual) },
    { ALT: () => this.CONSUME(t.Less) },
    { ALT: () => this.CONSUME(t.Greater) },
  ]

  readonly comparison: Rule = this.RULE('comparison', () => {
    this.SUBRULE(this.sum)
    this.OPTION(() => {
      this.OR(this.comparisons)
      this.SUBRULE2(this.sum)
    })
  })

  private readonly additions: Alternatives = [{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]

  readonly sum: Rule = this.RULE('sum', () => {
    this.SUBRULE(this.product)
    this.MANY(() => {
      this.OR(this.additions)
      this.SUBRULE2(this.product)
    })
  })

  private readonly multiplications: Alternatives = [
    { ALT: () => this.CONSUME(t.Star) },
    { ALT: () => this.CONSUME(t.Slash) },
  ]

  readonly product: Rule = this.RULE('product', () => {
    this.SUBRULE(this.unary)
    this.MANY(() => {
      this.OR(this.multiplications)
      this.SUBRULE2(this.unary)
    })
  })

  readonly unary: Rule = this.RULE('unary', () => {
    this.MANY(() => this.CONSUME(t.Minus))
    this.SUBRULE(this.postfix)
  })

  private readonly suffixes: Alternatives = [
    { ALT: () => this.SUBRULE(this.member) },
    { ALT: () => this.SUBRULE(this.callArguments) },
    { ALT: () => this.SUBRULE(this.indexing) },
  ]

  readonly postfix: Rule = this.RULE('postfix', () => {
    this.SUBRULE(this.primary)
    this.MANY(() => this.OR(this.suffixes))
  })

  readonly member: Rule = this.RULE('member', () => {
    this.CONSUME(t.Dot)
    this.OR([
      { ALT: () => this.CONSUME(t.Word) },
      { ALT: () => this.CONSUME(t.NumberLiteral) },
      { ALT: () => this.CONSUME(t.StringLiteral) },
    ])
  })

  readonly indexing: Rule = this.RULE('indexing', () => {
    this.CONSUME(t.LeftBracket)
    this.SUBRULE(this.expression)
    this.CONSUME(t.RightBracket)
  })

  readonly callArguments: Rule = this.RULE('callArguments', () => {
    this.CONSUME(t.LeftParen)
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.argument) })
    this.CONSUME(t.RightParen)
  })

  readonly argument: Rule = this.RULE('argument', () => {
    this.OPTION(() => {
      this.CONSUME(t.Word)
      this.CONSUME(t.Assign)
    })
    this.SUBRULE(this.expression)
  })

  private readonly primaries: Alternatives = [
    { ALT: () => this.SUBRULE(this.quantity) },
    { ALT: () => this.CONSUME(t.StringLiteral) },
    { ALT: () => this.CONSUME(t.TrueKeyword) },
    { ALT: () => this.CONSUME(t.FalseKeyword) },
    { ALT: () => this.SUBRULE(this.repetition) },
    { ALT: () => this.CONSUME(t.Name) },
    {
      ALT: () => {
        this.CONSUME(t.LeftParen)
        this.SUBRULE(this.expression)
        this.CONSUME(t.RightParen)
      },
    },
    { ALT: () => this.SUBRULE(this.list) },
  ]

  readonly primary: Rule = this.RULE('primary', () => {
    this.OR(this.primaries)
  })

  readonly quantity: Rule = this.RULE('quantity', () => {
    this.CONSUME(t.NumberLiteral)
    this.OPTION({
      // `batch = 16`, and on the next line `epochs = 80`.
      GATE: () => this.LA(2).tokenType !== t.Equals,
      DEF: () => this.OR([{ ALT: () => this.CONSUME(t.Percent) }, { ALT: () => this.CONSUME(t.UnitWord) }]),
    })
  })

  readonly list: Rule = this.RULE('list', () => {
    this.CONSUME(t.LeftBracket)
    this.MANY_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.expression) })
    this.CONSUME(t.RightBracket)
  })

  readonly carried: Rule = this.RULE('carried', () => {
    this.CONSUME(t.Name)
    this.CONSUME(t.Equals)
    this.SUBRULE(this.expression)
  })

  readonly repetition: Rule = this.RULE('repetition', () => {
    this.CONSUME(t.RepeatKeyword)
    this.SUBRULE(this.sum)
    this.OPTION(() => {
      this.CONSUME(t.AsKeyword)
      this.CONSUME(t.Name)
      this.CONSUME(t.Comma)
    })
    this.AT_LEAST_ONE_SEP({ SEP: t.Comma, DEF: () => this.SUBRULE(this.carried) })
    this.OPTION2(() => {
      this.CONSUME(t.NamedKeyword)
      this.CONSUME(t.StringLiteral)
    })
    this.SUBRULE(this.body)
  })
}

/** Tokens up to which a text is read on after an error. Each recovery may look at all that is left: in a huge text they add up. */
const mostRecovered = 10_000

/** One parser serves every file, from the first on: building it costs more than most parses. */
let recovering: WsbanParser | undefined
let plain: WsbanParser | undefined

/** Returns the parser for a text of so many tokens: one that reports every error, or in a huge text the first one. */
export function parserFor(tokens: number): WsbanParser {
  if (tokens <= mostRecovered) {
    recovering ??= new WsbanParser()
    return recovering
  }
  plain ??= new WsbanParser({ recover: false })
  return plain
}
