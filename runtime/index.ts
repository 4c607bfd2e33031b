/** The functions and types that generated code imports. */
export { avgPool, globalAvgPool, maxPool, relu, relu6 } from './kernels/index.js'
export type { Answers, Model, ParameterSpec } from './model.js'
export * from './operations/index.js'
export { Scope } from './scope.js'
export { trainFromCommandLine } from './training/command_line.js'
