import { z } from 'zod'
import { run } from '../engines/provision/run.js'
import { installCommand } from '../engines/provision/system_packages.js'
import { Failure } from '../failure.js'

/** A Python of the system that can make a virtual environment. */
export interface BasePython {
  readonly program: string
  /** `3.12.1` */
  readonly version: string
}

const program = `
import importlib.util, json, sys
lacks = [name for name in ("venv", "ensurepip") if importlib.util.find_spec(name) is None]
print(json.dumps({"version": sys.version.split()[0], "lacks": lacks}))
`

const answer = z.object({ version: z.string(), lacks: z.array(z.string()) })

/** The first on the PATH that can make one. @throws Failure `python-missing`, `venv-missing` */
export async function needBasePython(): Promise<BasePython> {
  const incomplete: string[] = []
  for (const name of ['python3', 'python']) {
    const said = await ask(name)
    if (said === undefined) continue
    if (said.lacks.length === 0) return { program: name, version: said.version }
    incomplete.push(`${name} (${said.version}) has no ${said.lacks.join(', no ')}`)
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

async function ask(name: string): Promise<z.infer<typeof answer> | undefined> {
  const { status, output } = await run(name, ['-c', program], { timeoutSeconds: 60 })
  if (status !== 0) return undefined
  try {
    return answer.parse(JSON.parse(output))
  } catch {
    return undefined
  }
}
