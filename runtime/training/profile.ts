import * as tf from '@tensorflow/tfjs-core'
import { currentNativeBackend } from '../engines/native_parts.js'
import { Failure } from '../failure.js'
import type { StepWatch } from '../scope.js'

interface Cost {
  calls: number
  milliseconds: number
}

/** The table that `wsban train --profile` prints. */
export interface ProfileTable {
  readonly steps: number
  /** Milliseconds per step: total, and in kernels. */
  readonly step: number
  readonly kernels: readonly { readonly name: string; readonly calls: number; readonly milliseconds: number }[]
  readonly bindings: readonly { readonly name: string; readonly forward: number; readonly backward: number }[]
}

/**
 * Measures the time of training steps by kernel of TensorFlow and by binding of the spec, forward and backward. During profiling the native engine
 * runs kernels synchronously, so the call's time is the kernel's (and a step takes longer than otherwise). An operation without weights is attributed
 * to the last binding with weights before it.
 */
export class StepProfile implements StepWatch {
  private readonly kernels = new Map<string, Cost>()
  private readonly forward = new Map<string, number>()
  private readonly backward = new Map<string, number>()
  /** The index in the tape at which a binding's operations begin. */
  private marks: { readonly from: number; readonly binding: string }[] = []
  private now: { readonly sums: Map<string, number>; readonly binding: string } | undefined
  private steps = 0
  private whole = 0

  /** Measures a step. The first one also initialises what later ones reuse, and is not counted. */
  measure<T>(step: () => T): T {
    const backend = currentNativeBackend()
    if (!backend)
      throw new Failure({
        code: 'wrong-usage',
        message: 'only the native engine can be profiled',
        help: 'install it with wsban setup, or leave --profile out',
        exit: 2,
      })
    const { executeSingleOutput, executeMultipleOutputs, binding } = backend
    binding.setBlocking?.(true)
    backend.executeSingleOutput = (name, ...rest) =>
      this.timed(name, () => executeSingleOutput.call(backend, name, ...rest))
    backend.executeMultipleOutputs = (name, ...rest) =>
      this.timed(name, () => executeMultipleOutputs.call(backend, name, ...rest))
    const began = performance.now()
    try {
      return step()
    } finally {
      binding.setBlocking?.(false)
      backend.executeSingleOutput = executeSingleOutput
      backend.executeMultipleOutputs = executeMultipleOutputs
      this.now = undefined
      this.marks = []
      this.steps++
      if (this.steps === 1) this.forget()
      else this.whole += performance.now() - began
    }
  }

  /** Attributes the following forward operations to this binding. */
  enter(path: string): void {
    const binding = path.replace(/\.$/, '')
    this.marks.push({ from: tf.engine().state.activeTape?.length ?? 0, binding })
    this.now = { sums: this.forward, binding }
  }

  /** Attributes the following backward operations to this entry of the tape. */
  back(entry: number): void {
    while ((this.marks.at(-1)?.from ?? 0) > entry) this.marks.pop()
    this.now = { sums: this.backward, binding: this.marks.at(-1)?.binding ?? '' }
  }

  /** Ends the backward pass; the weight update follows. */
  leave(): void {
    this.now = undefined
  }

  /** Bindings are aggregated by their first `depth` names: master.trunk.Mixed_6e. */
  table(depth = 3): ProfileTable {
    const steps = Math.max(1, this.steps - 1)
    const bindings = new Map<string, { forward: number; backward: number }>()
    for (const [side, sums] of [
      ['forward', this.forward],
      ['backward', this.backward],
    ] as const)
      for (const [path, milliseconds] of sums) {
        const name = path.split('.').slice(0, depth).join('.')
        const known = bindings.get(name) ?? { forward: 0, backward: 0 }
        known[side] += milliseconds / steps
        bindings.set(name, known)
      }
    return {
      steps: this.steps - 1,
      step: this.whole / steps,
      kernels: [...this.kernels]
        .map(([name, { calls, milliseconds }]) => ({
          name,
          calls: calls / steps,
          milliseconds: milliseconds / steps,
        }))
        .sort((a, b) => b.milliseconds - a.milliseconds),
      bindings: [...bindings]
        .map(([name, sides]) => ({ name, ...sides }))
        .sort((a, b) => b.forward + b.backward - a.forward - a.backward),
    }
  }

  private timed<T>(kernel: string, run: () => T): T {
    const began = performance.now()
    const result = run()
    const milliseconds = performance.now() - began
    const known = this.kernels.get(kernel) ?? { calls: 0, milliseconds: 0 }
    known.calls++
    known.milliseconds += milliseconds
    this.kernels.set(kernel, known)
    const { sums, binding } = this.now ?? { sums: this.backward, binding: 'moving the weights' }
    sums.set(binding, (sums.get(binding) ?? 0) + milliseconds)
    return result
  }

  private forget(): void {
    for (const sums of [this.kernels, this.forward, this.backward]) sums.clear()
  }
}

/** Formats the largest kernels and bindings, in milliseconds per step. */
export function profileText({ steps, step, kernels, bindings }: ProfileTable, rows = 16): string {
  const one = (milliseconds: number) => milliseconds.toFixed(1).padStart(9)
  const inKernels = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  return [
    `${steps} steps of ${step.toFixed(0)} ms, of which ${inKernels.toFixed(0)} ms in kernels`,
    `${'kernel'.padEnd(36)}  ms a step    calls`,
    ...kernels
      .slice(0, rows)
      .map(
        ({ name, calls, milliseconds }) => `${name.padEnd(36)}  ${one(milliseconds)} ${calls.toFixed(0).padStart(8)}`,
      ),
    `${'binding'.padEnd(36)}    forward     back`,
    ...bindings
      .slice(0, rows)
      .map(({ name, forward, backward }) => `${name.padEnd(36)}  ${one(forward)} ${one(backward)}`),
  ].join('\n')
}
