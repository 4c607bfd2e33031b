import * as tf from '@tensorflow/tfjs-core'
import { keyOf, Random } from '../compiler/random.js'

/** Told what a training step is at. */
export interface StepWatch {
  /** Forward: the path of a binding with weights. */
  enter(path: string): void
  /** Back: the number of what was recorded forward. */
  back(entry: number): void
  /** Gradients are there. */
  leave(): void
}

/** State that all scopes of one run share. */
export interface RunState {
  readonly variables: ReadonlyMap<string, tf.Variable>
  readonly training: boolean
  /** Names the run's random numbers: the seed and the step. */
  readonly key: readonly (string | number)[]
  /** Paths of parts that do not learn at present: they run as after training. */
  readonly frozen?: readonly string[]
  /** Paths of parts that do, also within a frozen part. */
  readonly learning?: readonly string[]
  readonly watch?: StepWatch
  /** [classes]: what each class's images count in the loss; all alike without. */
  readonly classWeights?: tf.Tensor1D
}

/**
 * Where a piece of generated code finds its weights, and the phase and the chance of the run it is part of.
 * `at.in('conv')` is the scope of the binding `conv`; its weight is `conv.weight`.
 */
export class Scope {
  private constructor(
    private readonly state: RunState & { draws: number },
    private readonly prefix: string,
  ) {}

  static of(state: RunState): Scope {
    return new Scope({ ...state, draws: 0 }, '')
  }

  /** Whether it runs as in training: the innermost part around it decides. */
  get training(): boolean {
    const { training, frozen = [], learning = [] } = this.state
    return training && this.innermost(frozen) <= this.innermost(learning)
  }

  get classWeights(): tf.Tensor1D | undefined {
    return this.state.classWeights
  }

  get root(): Scope {
    return new Scope(this.state, '')
  }

  in(name: string): Scope {
    const prefix = `${this.prefix}${name}.`
    this.state.watch?.enter(prefix)
    return new Scope(this.state, prefix)
  }

  /** The variable of that role: weight, bias, running_mean. Typed by the caller, who knows the operation. */
  get<T extends tf.Tensor>(role: string): T & tf.Variable {
    const variable = this.find<T>(role)
    if (!variable) throw new Error(`no parameter is called ${this.prefix}${role}`)
    return variable
  }

  find<T extends tf.Tensor>(role: string): (T & tf.Variable) | undefined {
    // The table of parameters was made from the same graph as the code that asks.
    return this.state.variables.get(`${this.prefix}${role}`) as (T & tf.Variable) | undefined
  }

  /** Returns zeros [batch] for classes that are not given, which nothing reads in inference. @throws in training, where they are needed */
  absentClasses(images: tf.Tensor4D): tf.Tensor1D {
    this.refuseAbsent()
    return tf.zeros([images.shape[0]], 'int32')
  }

  /** Returns zeros [batch, size] for labels or values that are not given. @throws in training, where they are needed */
  absentNumbers(images: tf.Tensor4D, size: number): tf.Tensor2D {
    this.refuseAbsent()
    return tf.zeros([images.shape[0], size])
  }

  /** Returns zeros [batch, size, size, 3] for a view that is not given, which nothing reads in inference. @throws in training, where it is needed */
  absentView(images: tf.Tensor4D, size: number): tf.Tensor4D {
    this.refuseAbsent()
    return tf.zeros([images.shape[0], size, size, 3])
  }

  /** Returns the length of the longest path that leads here, -1 without one. */
  private innermost(paths: readonly string[]): number {
    return Math.max(-1, ...paths.filter((path) => this.prefix.startsWith(`${path}.`)).map(({ length }) => length))
  }

  private refuseAbsent(): void {
    if (this.state.training) throw new Error('the answers depend on labels or views in training, so forward needs them')
  }

  /** The next stream of random numbers of this run: the n-th one asked for is the same in every run of the same step. */
  random(): Random {
    return new Random(keyOf(...this.state.key, this.state.draws++))
  }
}
