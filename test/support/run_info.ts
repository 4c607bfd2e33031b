import type { RunInfo } from '../../runtime/runs/info.js'

/** The run.json of a run that has not been trained, for tests of run folders. */
export const untrainedRun: RunInfo = {
  wsban: '0.1.0',
  model: 'small',
  spec: { entry: 'small.wsban', files: { 'small.wsban': 'model small() {}\n' }, imports: [], settings: {} },
  classes: ['a', 'b'],
  data: 'somewhere',
  seed: 1,
  epochs: 9,
  batch: 4,
  engine: 'cpu',
  saveEvery: 10,
  keep: 0,
  kept: [],
}
