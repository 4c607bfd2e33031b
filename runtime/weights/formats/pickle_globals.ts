/**
 * Modules and functions with which a pickle runs code, reads files or opens connections. Globals are never looked up, so nothing runs; but a
 * checkpoint that refers to one of these is an attack, so its tensors are not trusted either.
 */
const modules: ReadonlySet<string> = new Set([
  ...[
    'os',
    'posix',
    'nt',
    'subprocess',
    '_posixsubprocess',
    'pty',
    'ctypes',
    '_ctypes',
    'runpy',
    'importlib',
    'imp',
    'pkgutil',
  ],
  ...[
    'codeop',
    'timeit',
    'pdb',
    'bdb',
    'cProfile',
    'doctest',
    'socket',
    '_socket',
    'urllib2',
    'httplib',
    'requests',
    'webbrowser',
  ],
  ...[
    'shutil',
    'sys',
    '_thread',
    'pip',
    'marshal',
    'pickle',
    '_pickle',
    'dill',
    'cloudpickle',
    'idlelib',
    'lib2to3',
    'gc',
  ],
])

const functions: ReadonlySet<string> = new Set([
  ...['eval', 'exec', 'execfile', 'compile', 'open', 'file', 'input', 'raw_input', '__import__', 'apply', 'breakpoint'],
  ...['globals', 'locals', 'vars', 'setattr', 'delattr', 'help', 'exit', 'quit'],
])

const others: ReadonlySet<string> = new Set([
  ...[
    'operator.attrgetter',
    'operator.methodcaller',
    '_operator.attrgetter',
    '_operator.methodcaller',
    'types.FunctionType',
  ],
  ...['types.CodeType', 'torch.load', 'torch.jit.load', 'torch.hub.load', 'torch.serialization.load', 'numpy.load'],
  ...[
    'numpy.testing._private.utils.runstring',
    'commands.getoutput',
    'commands.getstatusoutput',
    'urllib.request.urlopen',
  ],
])

/** Whether a global of this name executes its arguments, unlike classes and functions that hold data. */
export function runsCode(module: string, name: string): boolean {
  if (module === 'builtins' || module === '__builtin__') return functions.has(name.split('.')[0] ?? '')
  return modules.has(module.split('.')[0] ?? '') || others.has(`${module}.${name}`)
}
