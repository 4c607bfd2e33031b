import { join } from 'node:path'
import type { Result } from './commands.js'
import { wsbanIn } from './commands.js'
import { drawShapes } from './shapes.js'

/** Draws shapes and trains a small model on them; the run is `run` in the folder, with the checkpoints of all its epochs. */
export async function trainedOnShapes(folder: string, epochs: number): Promise<Result> {
  await drawShapes(join(folder, 'shapes'))
  const size = ['--set', 'size=32', '--batch', '4', '--epochs', String(epochs), '--keep', '9']
  return wsbanIn(folder)('train', 'wsban_tiny', '--data', 'shapes', '-o', 'run', ...size)
}
