import type { Frame, Node, ValueRef } from '../../graph/graph.js'
import { operationNamed } from '../../ops/index.js'
import type { Operation, Typed } from '../../ops/operation.js'
import type { CallPlan } from '../plans.js'
import type { Structure } from '../structure.js'
import type { PythonHelper, PytorchModule } from './lowering.js'

/** For an input of an operation that torch has, such as a softmax or a product. */
export const widen: PythonHelper = {
  name: 'widen',
  code: `def widen(x: Tensor) -> Tensor:
    """In float32 what autocast made narrower."""
    narrow = x.dtype in (torch.bfloat16, torch.float16)
    return x.float() if narrow and torch.is_autocast_enabled(x.device.type) else x
`,
}

/** For an operation that is a function or a module of its own. */
const inFloat32: PythonHelper = {
  name: 'in_float32',
  code: `P = ParamSpec("P")
T = TypeVar("T")


def in_float32(function: Callable[P, T]) -> Callable[P, T]:
    """Under autocast the function, too, computes in float32."""

    @wraps(function)
    def run(*args: Any, **options: Any) -> T:
        device = next(x.device.type for x in args if isinstance(x, Tensor))
        if not torch.is_autocast_enabled(device):
            return function(*args, **options)
        wide: list[Any] = [widen(x) if isinstance(x, Tensor) else x for x in args]
        with torch.autocast(device, enabled=False):
            return function(*wide, **options)

    return run
`,
  uses: [widen],
}

/** Whether autocast would leave the operation in half precision, where it must not be. */
export function needsFloat32({ semantics, lowering }: Operation): boolean {
  return !semantics?.lowPrecision && !lowering.pytorch.underAutocast
}

const decorated = new WeakMap<PythonHelper, PythonHelper>()

/** The helper that an operation calls, kept in float32 where the operation needs it: a function itself, a module's `forward`. */
export function helperOf(operation: Operation, helper: PythonHelper): PythonHelper {
  if (!needsFloat32(operation)) return helper
  const known = decorated.get(helper)
  if (known) return known
  const code = helper.code.replace(
    new RegExp(`^( *)def (?:${helper.name}|forward)\\(`, 'm'),
    `$1@${inFloat32.name}\n$&`,
  )
  const made = { ...helper, code, uses: [...(helper.uses ?? []), inFloat32] }
  decorated.set(helper, made)
  return made
}

export function moduleOf(operation: Operation, call: Typed): PytorchModule | undefined {
  const module = operation.lowering.pytorch.module?.(call)
  return module && typeof module.type !== 'string' ? { ...module, type: helperOf(operation, module.type) } : module
}

/** Which values autocast may leave in half precision. */
export class Narrow {
  private readonly nodes = new Set<number>()

  constructor(private readonly structure: Structure) {
    for (const node of structure.graph.nodes) if (this.comesNarrow(node)) this.nodes.add(node.id)
  }

  /** In one of the calls that the code serves. */
  has(value: ValueRef, frame: Frame, plan: CallPlan | undefined): boolean {
    // The model's own inputs are no items of its frame.
    if (this.structure.isInput(this.structure.node(value.node)) && this.structure.inside(value, frame)) return false
    const place = this.structure.standing(value, frame)
    return (plan?.frames ?? [frame]).some((other) => this.nodes.has(this.structure.at(place, other).node))
  }

  private comesNarrow(node: Node): boolean {
    if (this.structure.isInput(node)) return false
    const operation = operationNamed(node.operation)
    const { module, underAutocast } = operation.lowering.pytorch
    if (needsFloat32(operation) || underAutocast === 'float32') return false
    // Autocast narrows convolutions and linear layers; what has no parameters goes on in what it gets.
    return module !== undefined || node.inputs.some(({ value }) => this.nodes.has(value.node))
  }
}
