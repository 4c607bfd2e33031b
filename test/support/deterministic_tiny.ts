import { join } from 'node:path'
import { packageRoot } from '../../runtime/package_root.js'
import { readSpec } from '../../runtime/specs/spec_file.js'

/** wsban_tiny with nothing left to chance within a step: no dropout, and one threshold for the crop. */
export const deterministicTiny = readSpec(join(packageRoot(), 'models', 'wsban_tiny.wsban'))
  .replace('dropout = 10%', 'dropout = 0%')
  .replace('training ? uniform(30%, 60%) : 40%', '40%')
