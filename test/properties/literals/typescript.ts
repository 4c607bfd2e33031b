import ts from 'typescript'

interface Token {
  readonly kind: ts.SyntaxKind
  readonly depth: number
  readonly text: string
}

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  noLib: true,
  noResolve: true,
}

/** Returns the syntax errors of a file; unlike `ts.transpileModule`, without a second parse and without its JavaScript. */
function syntaxErrors(file: ts.SourceFile): readonly ts.Diagnostic[] {
  const program = ts.createProgram([file.fileName], options, {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
    writeFile: () => {},
  })
  return program.getSyntacticDiagnostics(file)
}

/** Returns a file's tree as lines: kinds, and the text of what has one. @throws when it is no TypeScript, or sets a prototype */
function tokensOf(text: string): readonly Token[] {
  const file = ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2022, true)
  const [first] = syntaxErrors(file)
  if (first) throw new Error(`${ts.flattenDiagnosticMessageText(first.messageText, ' ')} at ${first.start}`)
  const found: Token[] = []
  const visit = (node: ts.Node, depth: number): void => {
    if (ts.isPropertyAssignment(node) && !ts.isComputedPropertyName(node.name) && node.name.text === '__proto__')
      throw new Error('a property called __proto__ sets the prototype')
    found.push({ kind: node.kind, depth, text: 'text' in node && typeof node.text === 'string' ? node.text : '' })
    ts.forEachChild(node, (child) => visit(child, depth + 1))
  }
  // The file itself has all of its text.
  ts.forEachChild(file, (child) => visit(child, 0))
  return found
}

/** Many texts are compared with each of few twins. */
const twins = new Map<string, readonly Token[]>()

function tokensOfTwin(text: string): readonly Token[] {
  const tokens = twins.get(text) ?? tokensOf(text)
  twins.set(text, tokens)
  return tokens
}

/** Returns the differences: trees that differ in more than the values of literals, and values that are not the given ones. */
export function differsFromTwin(text: string, twin: string, given: ReadonlyMap<string, string>): string | undefined {
  const [own, other] = [tokensOf(text), tokensOfTwin(twin)]
  if (own.length !== other.length) return `${own.length} nodes instead of ${other.length}`
  for (const [index, expected] of other.entries()) {
    const found = own[index]
    if (found?.kind !== expected.kind || found.depth !== expected.depth)
      return `node ${index} is ${found && ts.SyntaxKind[found.kind]} instead of ${ts.SyntaxKind[expected.kind]}`
    const wanted =
      expected.kind === ts.SyntaxKind.StringLiteral ? (given.get(expected.text) ?? expected.text) : expected.text
    if (found.text !== wanted) return `${JSON.stringify(found.text)} instead of ${JSON.stringify(wanted)}`
  }
  return undefined
}

/** The statements of a file and of its functions, whatever their names. */
export function statementsOf(text: string): string {
  return tokensOf(text)
    .filter(
      ({ kind }) =>
        (kind >= ts.SyntaxKind.FirstStatement && kind <= ts.SyntaxKind.LastStatement) || isDeclaration(kind),
    )
    .map(({ kind, depth }) => `${depth} ${ts.SyntaxKind[kind]}`)
    .join('\n')
}

function isDeclaration(kind: ts.SyntaxKind): boolean {
  return kind === ts.SyntaxKind.FunctionDeclaration || kind === ts.SyntaxKind.ImportDeclaration
}
