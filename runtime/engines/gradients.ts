import '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'

/**
 * TensorFlow.js's core does not register the gradients of its operations. They are separate modules in a format that Node cannot load: tsx loads
 * them when wsban runs from source, and the build replaces this file with an import of the same modules (cli/bootstrap/build.mjs).
 * They import a second copy of parts of the core, but its engine and registries are global, so both copies share them.
 */
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js')
