import { replaceConvolutionGradients } from './convolution.js'
import { addDepthwiseGradients } from './depthwise.js'
import { replaceElementwise } from './elementwise.js'
import { replaceMatMul } from './mat_mul.js'
import { replaceMaxPoolGradient } from './max_pool.js'
import { addSegmentSum } from './segment_sum.js'

/** Registers the kernels for training that the WebAssembly backend lacks or computes slowly. The backend must be the current one. */
export function addTrainingKernels(): void {
  replaceConvolutionGradients()
  addDepthwiseGradients()
  replaceElementwise()
  replaceMatMul()
  replaceMaxPoolGradient()
  addSegmentSum()
}
