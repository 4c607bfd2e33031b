import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../failure.js'
import { addonFlags, addonFolder, addonSources, napiVersion } from '../addon.js'
import { run } from './run.js'

export interface Compiler {
  readonly program: string
  /** The first line of `--version`, such as `g++ (Debian 12.2.0-14) 12.2.0`. */
  readonly version: string
}

/** Returns the first working C++ compiler on the PATH; `CXX` takes precedence over the usual names. */
export async function findCompiler(): Promise<Compiler | undefined> {
  const named = process.env.CXX
  for (const program of [...(named ? [named] : []), 'g++', 'c++', 'clang++']) {
    const result = await run(program, ['--version'], { timeoutSeconds: 30 })
    if (result.status === 0) return { program, version: result.output.split('\n')[0]?.trim() || program }
  }
  return undefined
}

/** Returns a C++ compiler. @throws Failure `compiler-missing` */
export async function requireCompiler(): Promise<Compiler> {
  const compiler = await findCompiler()
  if (compiler !== undefined) return compiler
  throw new Failure({
    code: 'compiler-missing',
    message:
      'the native engine is compiled on this machine, and there is no C++ compiler on the PATH (tried g++, c++, clang++)',
    help: 'install one (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++), then run the command again',
  })
}

/**
 * Compiles the addon into the native package, in the place of the package's own addon, and returns its path. Links it with TensorFlow's C library in
 * the package's `deps`.
 *
 * @param modules the node_modules folder with the Node-API headers
 * @throws Failure `addon-not-compiled`
 */
export async function compileAddon(compiler: Compiler, packageFolder: string, modules: string): Promise<string> {
  const folder = join(packageFolder, 'lib', `napi-v${napiVersion}`)
  await mkdir(folder, { recursive: true })
  const addon = join(folder, 'tfjs_binding.node')
  const headers = [
    join(packageFolder, 'deps', 'include'),
    join(modules, 'node-api-headers', 'include'),
    join(modules, 'node-addon-api'),
  ]
  const result = await run(
    compiler.program,
    [
      ...addonFlags,
      ...addonSources().map((name) => join(addonFolder(), name)),
      ...headers.flatMap((header) => ['-isystem', header]),
      ...['-o', addon, '-L', join(packageFolder, 'deps', 'lib')],
      ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2', '-Wl,-rpath,$ORIGIN/../../deps/lib'],
    ],
    { timeoutSeconds: 900 },
  )
  if (result.status !== 0) {
    throw new Failure({
      code: 'addon-not-compiled',
      message: `${compiler.version} could not compile the native engine's addon: ${result.summary}`,
      help: 'a C++17 compiler is needed (g++ 8 or later); name another one with CXX=... and run the command again',
    })
  }
  await rm(join(packageFolder, 'deps', 'include'), { recursive: true, force: true })
  return addon
}
