import * as z from 'zod'
import { run } from '../engines/provision/run.js'
import { isSupported, type PytorchPackage, pytorchPackageNames, pytorchPackages } from './packages.js'

/**
 * Imports each package and prints its version or error; then computes a convolution, forward and backward, on every device. The working directory is
 * removed from the import path, as it may contain an unrelated `torch.py`.
 */
const program = `
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import importlib, json
packages = {}
for name in ${JSON.stringify(pytorchPackageNames)}:
    try:
        packages[name] = {"version": str(importlib.import_module(name).__version__)}
    except ModuleNotFoundError as error:
        packages[name] = {} if error.name == name else {"broken": str(error)}
    except Exception as error:
        packages[name] = {"broken": f"{type(error).__name__}: {error}"}
devices = []
if "version" in packages["torch"]:
    import torch
    def computes(device):
        image = torch.ones(1, 2, 5, 5, device=device, requires_grad=True)
        sums = torch.nn.functional.conv2d(image, torch.ones(4, 2, 3, 3, device=device), padding=1)
        sums.sum().backward()
        middle = [sums[0, 0, 2, 2].item(), image.grad[0, 0, 2, 2].item()]
        if middle != [18, 36]:
            raise ArithmeticError(f"a convolution and its gradient gave {middle} and not [18, 36]")
    def attempt(device, name):
        try:
            label = name()
            computes(device)
            devices.append({"label": label})
        except Exception as error:
            devices.append({"label": device, "broken": f"{type(error).__name__}: {error}"})
    attempt("cpu", lambda: "cpu")
    for index in range(torch.cuda.device_count()):
        device = f"cuda:{index}"
        attempt(device, lambda: f"{device} {torch.cuda.get_device_name(index)}")
    if torch.backends.mps.is_available():
        attempt("mps", lambda: "mps")
print(json.dumps({"python": sys.version.split()[0], "packages": packages, "devices": devices}))
`

const packageState = z.object({ version: z.string().optional(), broken: z.string().optional() })

const probeOutput = z.object({
  python: z.string(),
  packages: z.object({ torch: packageState, torchvision: packageState, safetensors: packageState }),
  devices: z.array(z.object({ label: z.string(), broken: z.string().optional() })),
})

export interface Probed {
  readonly works: true
  readonly torch: string
  readonly torchvision: string
  readonly safetensors: string
  /** The devices that compute: `cpu`, `cuda:0 NAME`, `mps`. */
  readonly devices: readonly string[]
  /** The devices that do not compute, each with the reason. */
  readonly unusable: readonly string[]
}

export interface NotProbed {
  readonly works: false
  /** A predicate with the program as its subject, such as `has no torchvision`. */
  readonly reason: string
  /** Whether the program is a Python. */
  readonly isPython: boolean
  /** The packages that are missing or too old. */
  readonly lacks: readonly PytorchPackage[]
}

/** Importing the CUDA libraries from a slow disk takes up to a minute. */
const defaultTimeoutSeconds = 180

/** Tests in a separate process whether a Python has PyTorch and computes correctly. */
export async function probePytorch(
  python: string,
  timeoutSeconds = defaultTimeoutSeconds,
): Promise<Probed | NotProbed> {
  const noPython = (reason: string): NotProbed => ({ works: false, isPython: false, lacks: [], reason })
  const result = await run(python, ['-c', program], { timeoutSeconds })
  if (result.timedOut) return noPython(`gave no answer within ${timeoutSeconds} seconds`)
  if (result.missing) return noPython('is not there')
  if (result.forbidden) return noPython('is no program that may be run')
  if (result.status !== 0) return noPython(`did not run: ${result.summary.slice(0, 200)}`)
  const parsed = parseOutput(result.output)
  if (parsed === undefined) return noPython('did not answer as a Python does')
  return evaluateProbe(parsed)
}

function parseOutput(output: string): z.infer<typeof probeOutput> | undefined {
  try {
    // Packages may print lines before it.
    return probeOutput.parse(JSON.parse(output.trim().split('\n').at(-1) ?? ''))
  } catch {
    return undefined
  }
}

function evaluateProbe({ python, packages, devices }: z.infer<typeof probeOutput>): Probed | NotProbed {
  const lacking = (reason: string, lacks: readonly PytorchPackage[]): NotProbed => ({
    works: false,
    isPython: true,
    lacks,
    reason: `${reason} (it is Python ${python})`,
  })
  const absent = pytorchPackageNames.filter((name) =>
    Object.values(packages[name]).every((value) => value === undefined),
  )
  if (absent.length > 0) return lacking(`has no ${absent.join(', no ')}`, absent)
  for (const name of pytorchPackageNames) {
    const { version, broken } = packages[name]
    if (version === undefined) return lacking(`has a ${name} that does not load: ${broken}`, [])
    if (!isSupported(name, version))
      return lacking(`has ${name} ${version}, and ${pytorchPackages[name]} or later is needed`, [name])
  }
  const named = ({ label, broken }: (typeof devices)[number]) => (broken === undefined ? label : `${label}: ${broken}`)
  const works = devices.filter(({ broken }) => broken === undefined)
  const unusable = devices.filter(({ broken }) => broken !== undefined).map(named)
  if (!works.some(({ label }) => label === 'cpu')) return lacking(`does not compute: ${unusable.join('; ')}`, [])
  const { torch, torchvision, safetensors } = packages
  return {
    works: true,
    torch: torch.version ?? '',
    torchvision: torchvision.version ?? '',
    safetensors: safetensors.version ?? '',
    devices: works.map(named),
    unusable,
  }
}
