import { readOnnxMetadata } from '../../runtime/inference/onnx_metadata.js'
import { RunFolder } from '../../runtime/runs/folder.js'

/**
 * The seed by which val was set apart in training, where the data set has none of its own: the run's, which an exported file keeps.
 * With another one, images that were trained on would be in val.
 */
export async function splitSeedOf(source: string): Promise<number> {
  if (source.endsWith('.onnx')) {
    const kept = Number((await readOnnxMetadata(source)).seed)
    return Number.isSafeInteger(kept) && kept >= 0 ? kept : 1
  }
  return RunFolder.exists(source) ? (await RunFolder.open(source)).info.seed : 1
}
