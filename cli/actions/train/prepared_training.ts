import type { DataSet } from '../../../runtime/data/dataset.js'
import { openDataSet } from '../../../runtime/data/open.js'
import { Failure } from '../../../runtime/failure.js'
import type { RunFolder } from '../../../runtime/runs/folder.js'
import { shellWord } from '../../../runtime/shell_word.js'
import { DeclaredLabels } from '../../../runtime/specs/declared_labels.js'
import type { ReadySpec } from '../../../runtime/specs/host.js'
import { compileStored } from '../../../runtime/specs/spec.js'
import { readSpec, specFile } from '../../../runtime/specs/spec_file.js'
import { entryText } from '../../../runtime/specs/stored.js'
import { checkClassCount } from '../../../runtime/training/checks.js'
import type { Io } from '../../io.js'
import { openNewDataSet } from '../new_data_set.js'
import { readySpec, requireGraph } from '../spec.js'
import type { TrainOptions, TrainRequest } from './train_options.js'

/** The spec and the data set of a training run, new or resumed. */
export interface PreparedTraining {
  readonly spec: ReadySpec
  readonly data: DataSet
  readonly seed: number
  /** The share of each class that is held out from train. */
  readonly holdOut: number | undefined
  readonly engine: TrainOptions['engine']
}

/** Compiles a spec for the classes and labels of its images. */
export async function newTraining(file: string, request: TrainRequest, io: Io): Promise<PreparedTraining> {
  const { seed, holdOut, classOrder, engine } = request
  const declared = DeclaredLabels.ofFile(file)
  const labels = declared.wanted()
  const { data } = await openNewDataSet(
    request.data,
    {
      seed,
      ...(holdOut !== undefined && { holdOut }),
      ...(classOrder && { classOrder }),
      ...(labels.length > 0 && { labels }),
    },
    true,
    io,
  )
  // Before the spec is compiled for this number of classes, with diagnostics about it.
  checkClassCount(data, request.data)
  const spec = readySpec(file, declared.settings(request.set ?? {}, data), io, request.train)
  return { spec, data, seed, holdOut, engine }
}

/** Takes up a run with its own spec, classes and held-out images; a spec that is given has to be the run's. */
export async function resumedTraining(
  run: RunFolder,
  file: string | undefined,
  request: TrainRequest,
  io: Io,
): Promise<PreparedTraining> {
  const { seed, holdOut, classes, labelNames, spec: stored, engine } = run.info
  const labels = DeclaredLabels.ofText(stored.entry, entryText(stored)).wanted(labelNames)
  const data = await openDataSet(request.data, {
    seed,
    ...(holdOut !== undefined && { holdOut }),
    ...(request.classOrder && { classOrder: request.classOrder }),
    ...(labels.length > 0 ? { labels } : { classes }),
  })
  checkClassCount(data, request.data)
  const spec = storedSpecOf(run, file, request, io)
  return { spec, data, seed, holdOut, engine: request.engine ?? (engine === 'pytorch' ? 'pytorch' : undefined) }
}

/** A run resumes with its stored spec, whatever has happened to the files that the spec imports. */
function storedSpecOf(
  { info }: RunFolder,
  file: string | undefined,
  { out, set = {}, train }: TrainRequest,
  io: Io,
): ReadySpec {
  const { entry, files, settings } = info.spec
  const otherSettings = Object.entries(set).some(([name, value]) => settings[name] !== value)
  if (otherSettings || (file !== undefined && readSpec(specFile(file)) !== files[entry]))
    throw new Failure({
      code: 'spec-changed',
      message: `${otherSettings ? 'these settings are' : `${file} is`} not what ${out} was trained with`,
      help: `train into another folder, or resume it as it is: wsban train --resume -o ${shellWord(out)}`,
      path: out,
    })
  const { train: before = [] } = info.spec
  const spec =
    train && train.join('\n') !== before.join('\n') ? { ...info.spec, train: [...before, ...train] } : info.spec
  const compiled = compileStored(spec)
  io.diagnostics(compiled.diagnostics, compiled.texts)
  return requireGraph(compiled, out, io)
}
