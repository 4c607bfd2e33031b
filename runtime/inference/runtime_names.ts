/** Runtimes and tools that read ONNX files and have a Python package, with the packages that they need. */
export const runtimePackages = {
  onnxruntime: ['onnxruntime'],
  openvino: ['openvino'],
  reference: ['onnx'],
  tract: ['tract', 'onnx'],
  onnxslim: ['onnxslim', 'onnxruntime'],
  onnxsim: ['onnxsim', 'onnxruntime'],
} as const
export type RuntimeName = keyof typeof runtimePackages

/** A runtime, and the version that is asked for. */
export interface WantedRuntime {
  readonly name: RuntimeName
  readonly version?: string
}

export function isRuntimeName(name: string): name is RuntimeName {
  return Object.hasOwn(runtimePackages, name)
}

export const runtimeNames: readonly string[] = Object.keys(runtimePackages)
