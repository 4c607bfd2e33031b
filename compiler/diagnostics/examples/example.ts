/** A few lines with a mistake, and the corrected lines. Tests compile both. */
export interface Example {
  /** Has the diagnostic, and no other. */
  readonly wrong: string
  /** Has no diagnostic; absent if the mistake is not in the text. */
  readonly right?: string
  /** The whole file around the lines. */
  readonly within: (lines: string) => string
  /** Files beside it, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** The argument of `--set` that causes the mistake. */
  readonly set?: Readonly<Record<string, number>>
}

/** A whole file. */
export const file = (lines: string) => `${lines}\n`

/** Statements of a model with inputs, a loss and a prediction, which follow them. They define `master.logits`. */
export const inModel = (lines: string) => `${imports(lines)}model birds(classes = 8, size = 96) {
  input image: Image[3, size, size]
  input label: Class[classes]

${indented(lines, 2)}

  loss { master = cross_entropy(master.logits, label) }
  predict probabilities = softmax(master.logits)
}
`

/** The body of a branch, which defines `logits`. */
export const inBranch = (lines: string) => inModel(`branch master(image) {\n${indented(lines, 2)}\n}`)

/** Items of a model after its branch `master`, such as a train block or another prediction. */
export const besideBranch = (lines: string) =>
  inModel(`branch master(image) {
  trunk  = tiny(image)
  logits = trunk.layer3 -> global_avg_pool -> linear(classes)
}

${lines}`)

/** A block `head(x, maps)` that the model calls. */
export const withHead = (lines: string) =>
  `${lines}\n\n${inBranch('logits = head(image, 16) -> global_avg_pool -> linear(classes)')}`

/** The import lines of the blocks that the lines call. */
function imports(lines: string): string {
  const needed = Object.entries({ attention: 'blocks/attention', tiny: 'backbones/tiny' }).filter(([block]) =>
    new RegExp(`\\b${block}\\(|-> ${block}\\b`).test(lines),
  )
  return needed.length > 0 ? `${needed.map(([block, from]) => `import ${block} from "${from}"\n`).join('')}\n` : ''
}

function indented(lines: string, by: number): string {
  return lines.replace(/^(?=.)/gm, ' '.repeat(by))
}
