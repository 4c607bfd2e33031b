import { readOnnxMetadata } from '../../runtime/inference/onnx_metadata.js'
import { RunFolder } from '../../runtime/runs/folder.js'

/**
 * Returns the seed that held out the validation split in training: the run's, which an exported file stores. With another seed,
 * the validation split would contain training images.
 */
export async function splitSeedOf(source: string): Promise<number> {
  if (source.endsWith('.onnx')) {
    const kept = Number((await readOnnxMetadata(source)).seed)
    return Number.isSafeInteger(kept) && kept >= 0 ? kept : 1
  }
  return RunFolder.exists(source) ? (await RunFolder.open(source)).info.seed : 1
}
