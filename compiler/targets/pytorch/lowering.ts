import type { Typed } from '../../ops/call.js'

/** A function or class that an operation needs beside what torch has; it goes into the generated `operations.py`. */
export interface PythonHelper {
  readonly name: string
  /** Its definition as `ruff format` leaves it. What it names of torch, typing and the like is imported. */
  readonly code: string
  /** Helpers that it calls. */
  readonly uses?: readonly PythonHelper[]
}

/** One argument of a module's constructor. */
export interface ModuleArgument {
  readonly name: string
  readonly value: ModuleValue
  /** Left out where the value is this. */
  readonly default?: ModuleValue
  /** Written without its name. */
  readonly positional?: true
  /** Counts channels or features: two that agree everywhere become one argument of the class around them. */
  readonly width?: true
}

export type ModuleValue = number | boolean | readonly number[]

/** The module that holds a call's parameters, under the names that the operation gives them. */
export interface PytorchModule {
  /** `nn.Linear`, or a class of the operation's own. */
  readonly type: string | PythonHelper
  readonly arguments: readonly ModuleArgument[]
}

/** One call of an operation, as its lowering to PyTorch sees it. Feature maps are channels-first, as in the graph. */
export interface PytorchCall extends Typed {
  /** Code of the tensor given for an argument. */
  input(argument: string): string
  inputs(argument: string): readonly string[]
  /** The same, in parentheses where an operator or a method next to it would tear it apart. */
  operand(argument: string): string
  operands(argument: string): readonly string[]
  /** Code of the module that holds the call's parameters: `self.conv`. */
  module(): string
  /** Code of an attribute's value: a literal, or what the module around it was made with. */
  code(argument: string): string
  /** `eps=1e-3`, or nothing where the attribute is at its default or absent. */
  keyword(argument: string): string
  /** `training=self.training` where the attribute is drawn anew for each image, else nothing. */
  trainingFor(argument: string): string
  /** `self.class_weights` where the train block weighs classes, else nothing. */
  classWeights(): string
  /** Marks a helper as used, and gives its name. */
  helper(helper: PythonHelper): string
}

/** How an operation becomes PyTorch. */
export interface PytorchLowering {
  /** For an operation with parameters. */
  module?(call: Typed): PytorchModule
  /** The expression that computes the call: `F.relu(x)`, or the module applied to its inputs. */
  expression(call: PytorchCall): string
  /**
   * Why nothing is done for its precision under autocast, though it may not compute in half precision in an exported file: autocast itself has
   * it in float32, or it takes values from one place to another (or leaves some out) and gives them as they come.
   */
  readonly underAutocast?: 'float32' | 'as it comes'
}

/** `f(a, b)`, empty arguments left out. */
export function callText(name: string, ...args: readonly string[]): string {
  return `${name}(${args.filter((argument) => argument !== '').join(', ')})`
}
