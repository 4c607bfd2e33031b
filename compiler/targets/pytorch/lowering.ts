import type { Typed } from '../../ops/call.js'
import type { Argument, CallExpression, Expression, Given, Literal } from './expression.js'
import type { PythonImport, TorchFunction } from './imports.js'

/** A function or class that torch lacks and an operation needs, which is written to the generated `operations.py`. */
export interface PythonHelper {
  readonly name: string
  /** Its definition as `ruff format` leaves it. */
  readonly code: string
  /** Helpers that it calls. */
  readonly uses?: readonly PythonHelper[]
  /** The names of torch, typing and the like in its code. */
  readonly imports: readonly PythonImport[]
}

/** One argument of a module's constructor. */
export interface ModuleArgument {
  readonly name: string
  readonly value: Literal
  /** Left out where the value is this. */
  readonly default?: Literal
  /** Written without its name. */
  readonly positional?: true
  /** A number of channels or features: two that agree in all instances become one argument of the surrounding class. */
  readonly width?: true
}

/** The module that holds a call's parameters, under the names that the operation gives them. */
export interface PytorchModule {
  /** `nn.Linear`, or a class of the operation's own. */
  readonly type: string | PythonHelper
  readonly arguments: readonly ModuleArgument[]
  /** It is an nn.Parameter: a tensor instead of a module. */
  readonly isParameter?: true
}

/** A call of an operation for its lowering to PyTorch. Feature maps are channels-first, as in the graph. */
export interface PytorchCall extends Typed {
  /** The tensor given for an argument. */
  input(argument: string): Expression
  inputs(argument: string): readonly Expression[]
  /** An attribute's value: a literal, or an attribute of the surrounding module. */
  code(argument: string): Expression
  /** `eps=1e-3`; undefined where the attribute is at its default or absent. `name` is the keyword where PyTorch has another. */
  keyword(argument: string, name?: string): Argument | undefined
  /** `training=self.training` where the attribute is drawn anew for each image. */
  trainingFor(argument: string): Argument | undefined
  /** `self.class_weights` where the train block weighs classes. */
  classWeights(): Expression | undefined
  /** A call of a function of torch: `F.relu`, `torch.cat`. */
  torch(callee: TorchFunction, ...given: readonly Given[]): CallExpression
  /** A call of one of the operation's own functions. */
  helper(helper: PythonHelper, ...given: readonly Given[]): CallExpression
  /** A call of the module that holds the operation's parameters. */
  module(...given: readonly Given[]): CallExpression
  /** The parameter itself, where the operation has one in place of a module. */
  weight(): Expression
}

/** The lowering of an operation to PyTorch. */
export interface PytorchLowering {
  /** For an operation with parameters. */
  module?(call: Typed): PytorchModule
  /** The expression that computes the call: `F.relu(x)`, or the module applied to its inputs. */
  expression(call: PytorchCall): Expression
  /**
   * Why it needs no handling under autocast although it may not compute in half precision in an exported file: autocast runs it in float32, or it
   * only moves or selects values.
   */
  readonly underAutocast?: 'float32' | 'as it comes'
}
