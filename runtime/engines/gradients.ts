import '@tensorflow/tfjs-core'
import { createRequire } from 'node:module'

/**
 * TensorFlow.js keeps the gradients of its operations out of its core's main file. They are single modules in a form that plain Node
 * does not load: run from source, tsx loads them; the build puts an import of the same modules in this file's place (cli/bootstrap/build.mjs).
 * They bring parts of the core a second time, but its engine and its registries are global, so there is still one of each.
 */
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js')
