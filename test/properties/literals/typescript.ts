import ts from 'typescript'

/** A file's tree as lines: kinds, and the text of what has one. @throws when it is no TypeScript, or sets a prototype */
function tokensOf(text: string): { readonly kind: ts.SyntaxKind; readonly depth: number; readonly text: string }[] {
  const file = ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2022, true)
  const { diagnostics = [] } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  })
  const [first] = diagnostics
  if (first) throw new Error(`${ts.flattenDiagnosticMessageText(first.messageText, ' ')} at ${first.start}`)
  const found: { kind: ts.SyntaxKind; depth: number; text: string }[] = []
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

/** Returns the differences: trees that differ in more than the values of literals, and values that are not the given ones. */
export function differsFromTwin(text: string, twin: string, given: ReadonlyMap<string, string>): string | undefined {
  const [own, other] = [tokensOf(text), tokensOf(twin)]
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
