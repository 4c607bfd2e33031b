import * as z from 'zod'
import { run } from '../engines/provision/run.js'
import { installCommand } from '../engines/provision/system_packages.js'
import { Failure } from '../failure.js'

/** A Python of the system that can create a virtual environment. */
export interface BasePython {
  readonly program: string
  /** Such as `3.12.1`. */
  readonly version: string
}

const program = `
import importlib.util, json, sys
lacks = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
print(json.dumps({"version": sys.version.split()[0], "lacks": lacks}))
`

const output = z.object({ version: z.string(), lacks: z.array(z.string()) })

/** Returns the first Python on the PATH that can create a virtual environment. @throws Failure `python-missing`, `venv-missing` */
export async function requireBasePython(): Promise<BasePython> {
  const incomplete: string[] = []
  for (const name of ['python3', 'python']) {
    const found = await inspect(name)
    if (found === undefined) continue
    if (found.lacks.length === 0) return { program: name, version: found.version }
    incomplete.push(`${name} (${found.version}) has no ${found.lacks.join(', no ')}`)
  }
  const command = installCommand(['python'])
  throw incomplete.length > 0
    ? new Failure({
        code: 'venv-missing',
        message: `PyTorch goes into a virtual environment, and ${incomplete.join('; ')}`,
        help: `${command ?? "install Python's venv and ensurepip"}, then run the command again`,
      })
    : new Failure({
        code: 'python-missing',
        message: 'PyTorch needs Python 3, and there is none on the PATH (tried python3, python)',
        help: `${command ?? 'install Python 3'}, then run the command again`,
      })
}

async function inspect(name: string): Promise<z.infer<typeof output> | undefined> {
  const result = await run(name, ['-c', program], { timeoutSeconds: 60 })
  if (result.status !== 0) return undefined
  try {
    return output.parse(JSON.parse(result.output))
  } catch {
    return undefined
  }
}
