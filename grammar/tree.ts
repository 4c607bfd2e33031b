/** The syntax tree of a `.wsban` file. Every node carries the span of the text it came from. */

/** A span of a source text in UTF-16 offsets, from `start` to before `end`. */
export interface Span {
  /** The path or name by which the text was opened. */
  readonly source: string
  readonly start: number
  readonly end: number
}

export interface Name {
  readonly text: string
  readonly span: Span
}

export interface SourceFile {
  readonly source: string
  readonly text: string
  readonly imports: readonly Import[]
  readonly blocks: readonly Block[]
  readonly models: readonly Model[]
  readonly comments: readonly Comment[]
}

export interface Comment {
  readonly text: string
  readonly span: Span
}

/** `import a, b from "backbones/inception_v3"` */
export interface Import {
  readonly names: readonly Name[]
  readonly from: string
  readonly fromSpan: Span
  readonly span: Span
}

/** `x` or `stride = 1` in the head of a block, branch or model. */
export interface Parameter {
  readonly name: Name
  readonly default?: Expression
}

/** A reusable block: each call creates its own weights. */
export interface Block {
  readonly kind: 'block'
  readonly name: Name
  readonly parameters: readonly Parameter[]
  readonly statements: readonly Statement[]
  readonly span: Span
}

export interface Model {
  readonly name: Name
  readonly parameters: readonly Parameter[]
  readonly inputs: readonly Input[]
  /** Bindings and branches, in the order in which they stand. */
  readonly items: readonly (Binding | Branch)[]
  readonly losses: readonly Binding[]
  readonly lossSpan?: Span
  readonly predictions: readonly Binding[]
  readonly training: readonly Binding[]
  readonly augmentations: readonly Augmentation[]
  readonly span: Span
}

/** `input image: Image[3, size, size] { resize(size), normalize(0.5, 0.5) }` */
export interface Input {
  readonly name: Name
  readonly type: Name
  readonly dimensions: readonly Expression[]
  readonly steps?: readonly Expression[]
  readonly span: Span
}

/** A named path through the model: `branch master(image) { ... }` or `branch part = master(crop)`. */
export interface Branch {
  readonly kind: 'branch'
  readonly name: Name
  readonly parameters: readonly Parameter[]
  readonly statements: readonly Statement[]
  /** Set when the branch is another one called on something else; then there are no statements. */
  readonly call?: Expression
  readonly span: Span
}

export interface Binding {
  readonly kind: 'binding'
  readonly name: Name
  readonly value: Expression
  readonly span: Span
}

export interface Return {
  readonly kind: 'return'
  readonly value: Expression
  readonly span: Span
}

export type Statement = Binding | Return

export interface Augmentation {
  readonly input: Name
  readonly steps: readonly Expression[]
  readonly span: Span
}

export type Unit = 'percent' | 'epochs' | 'steps'

export type BinaryOperator = '+' | '-' | '*' | '/' | '==' | '!=' | '<' | '<=' | '>' | '>='

export interface Argument {
  readonly name?: Name
  readonly value: Expression
  readonly span: Span
}

export type Expression =
  | { readonly kind: 'number'; readonly value: number; readonly unit?: Unit; readonly span: Span }
  | { readonly kind: 'string'; readonly value: string; readonly span: Span }
  | { readonly kind: 'boolean'; readonly value: boolean; readonly span: Span }
  | { readonly kind: 'name'; readonly text: string; readonly span: Span }
  | { readonly kind: 'member'; readonly object: Expression; readonly member: Name; readonly span: Span }
  | { readonly kind: 'call'; readonly callee: Expression; readonly arguments: readonly Argument[]; readonly span: Span }
  /** `depths[i]` */
  | { readonly kind: 'index'; readonly object: Expression; readonly index: Expression; readonly span: Span }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly span: Span }
  | {
      readonly kind: 'pipeline'
      readonly start: Expression
      readonly stages: readonly Expression[]
      readonly span: Span
    }
  | { readonly kind: 'negate'; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
      readonly span: Span
    }
  | {
      readonly kind: 'conditional'
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly whenFalse: Expression
      readonly span: Span
    }
  | RepeatExpression
  /** `a, b` after `return`: several values. */
  | { readonly kind: 'tuple'; readonly items: readonly Expression[]; readonly span: Span }
  /** An expression missing because of a syntax error, which the parser has reported. */
  | { readonly kind: 'missing'; readonly span: Span }

/** `x = start` in the head of a repeat: x begins as start and becomes each round's result. */
export interface CarriedValue {
  readonly name: Name
  readonly start: Expression
}

/** `"layer{i + 1}"`: what a round is called. */
export interface RoundName {
  readonly parts: readonly (string | Expression)[]
  readonly span: Span
}

/** `repeat 3 as i, x = start, y = other named "layer{i}" { ... return f(x), y }` */
export interface RepeatExpression {
  readonly kind: 'repeat'
  readonly count: Expression
  readonly index?: Name
  readonly carried: readonly [CarriedValue, ...CarriedValue[]]
  /** Absent where rounds are numbered. */
  readonly named?: RoundName
  readonly statements: readonly Statement[]
  readonly span: Span
}
