import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { packageRoot } from '../../runtime/package_root.js'
import { compileFile } from '../../runtime/specs/spec.js'

/** Exports wsban_tiny with random weights before the tests of a file run. Returns its path, in a folder that is removed afterwards. */
export function exportedModel(): { readonly folder: string; readonly model: string } {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-exported-'))
  const model = join(folder, 'model.onnx')
  test.serial.before(async () => {
    const { graph, stored } = compileFile(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
    if (!graph) throw new Error('the model does not compile')
    await exportOnnx({ graph, stored, classes: undefined, path: model, input: 'image', weights: { seed: 1 } })
  })
  test.after.always(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, model }
}
