import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as z from 'zod'
import { emitTfjs } from '../../compiler/targets/tfjs/emit.js'
import { present } from '../../grammar/present.js'
import { tfjsVersion } from '../../runtime/engines/versions.js'
import { onnxRuntimeVersion } from '../../runtime/onnxruntime/install.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'

const versions = z.record(z.string(), z.string())
const manifest = z.object({
  dependencies: versions,
  peerDependencies: versions,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.literal(true) })),
  devDependencies: versions,
})
const own = manifest.parse(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')))

test('every package of TensorFlow.js has the version that setup brings', (t) => {
  const { dependencies, peerDependencies } = own
  const names = Object.keys({ ...dependencies, ...peerDependencies }).filter((name) => name.startsWith('@tensorflow/'))
  t.deepEqual(names.sort(), [
    '@tensorflow/tfjs-backend-cpu',
    '@tensorflow/tfjs-backend-wasm',
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-node',
    '@tensorflow/tfjs-node-gpu',
  ])
  for (const name of names) t.is(dependencies[name] ?? peerDependencies[name], tfjsVersion, name)
  const { graph } = compileFile('wsban_tiny')
  const files = emitTfjs(present(graph, 'the graph'), { source: 'a.wsban', version: '0', spec: {} })
  const generated = z.object({ dependencies: versions }).parse(
    JSON.parse(
      present(
        files.find(({ path }) => path === 'package.json'),
        'package.json',
      ).text,
    ),
  )
  t.is(generated.dependencies['@tensorflow/tfjs-core'], tfjsVersion)
})

test('no peer is installed with wsban, and the tests run on the ONNX Runtime that setup brings', (t) => {
  t.deepEqual(Object.keys(own.peerDependenciesMeta), Object.keys(own.peerDependencies))
  t.is(own.devDependencies['onnxruntime-node'], onnxRuntimeVersion)
})
