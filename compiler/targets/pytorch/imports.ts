/** A name that Python code imports: a module, by an alias if it has one, or something of a module. */
export interface PythonImport {
  readonly module: string
  readonly name?: string
  readonly alias?: string
}

/** A function of torch by the name under which generated code calls it. */
export type TorchFunction = `torch.${string}` | `F.${string}`

export const torchModule: PythonImport = { module: 'torch' }
const functional: PythonImport = { module: 'torch.nn.functional', alias: 'F' }

/** Returns the module that a call of the function needs. */
export function importFor(callee: TorchFunction): PythonImport {
  return callee.startsWith('F.') ? functional : torchModule
}

/** Packages that pip installs; all other modules are of Python's standard library. */
const packages: ReadonlySet<string> = new Set(['torch', 'safetensors'])

/** Returns the import lines, each name once, as ruff's isort sorts them: the standard library apart, whole modules first. */
export function importLines(imports: Iterable<PythonImport>): string[] {
  const all = [...imports]
  const installed = (one: PythonImport) => packages.has(one.module.split('.', 1).join())
  const standard = section(all.filter((one) => !installed(one)))
  const others = section(all.filter(installed))
  return standard.length > 0 && others.length > 0 ? [...standard, '', ...others] : [...standard, ...others]
}

function section(imports: readonly PythonImport[]): string[] {
  const modules = imports.filter(({ name }) => name === undefined)
  const whole = modules.map(({ module, alias }) => `import ${module}${alias === undefined ? '' : ` as ${alias}`}`)
  const names = new Map<string, Set<string>>()
  for (const { module, name } of imports)
    if (name !== undefined) names.set(module, new Set([...(names.get(module) ?? []), name]))
  const parts = [...names].sort(([a], [b]) => (a < b ? -1 : 1)).map(([module, list]) => importFrom(module, [...list]))
  return [...[...new Set(whole)].sort(), ...parts]
}

/** Returns the import of names of a module: classes before functions. */
export function importFrom(module: string, names: readonly string[]): string {
  const isClass = (name: string) => /^[A-Z]/.test(name)
  const sorted = [...names].sort((a, b) => Number(isClass(b)) - Number(isClass(a)) || (a < b ? -1 : 1))
  const line = `from ${module} import ${sorted.join(', ')}`
  return line.length <= 88 ? line : `from ${module} import (\n${sorted.map((name) => `    ${name},\n`).join('')})`
}
