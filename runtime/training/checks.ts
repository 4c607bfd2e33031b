import type { Signature } from '../../compiler/graph/signature.js'
import type { DataSet } from '../data/dataset.js'
import { imagesByClass } from '../data/epoch_order.js'
import type { DataLabel } from '../data/label_inputs.js'
import { Failure } from '../failure.js'
import type { Model } from '../model.js'
import { RunFolder } from '../runs/folder.js'
import { requireEmpty } from '../runs/layout.js'
import type { StoredSpec } from '../specs/stored.js'

/** @throws Failure `one-class` for a data set that no classifier can be trained with */
export function checkClassCount({ classes }: Pick<DataSet, 'classes'>, path: string): void {
  const [only, ...others] = classes
  if (only === undefined || others.length > 0) return
  throw new Failure({
    code: 'one-class',
    message: `${path} has one class only: ${JSON.stringify(only)}`,
    help: 'a classifier needs two or more: give the folder that holds one folder per class, or a list that names the classes',
    path,
  })
}

/** @throws Failure `one-class`, `classes-do-not-fit`, `no-images` */
export function checkData(
  { classes, signature }: Pick<Model, 'classes' | 'signature'>,
  data: DataSet,
  path: string,
): void {
  checkClassCount(data, path)
  if (data.labels) checkLabels(data.labels, signature, path)
  else if (classes !== data.classes.length)
    throw new Failure({
      code: 'classes-do-not-fit',
      message: `${path} has ${data.classes.length} classes, but the model is made for ${classes ?? 0}`,
      help: `leave classes to the data, or set it: --set classes=${data.classes.length}`,
      path,
    })
  if (data.splits.train.length === 0)
    throw new Failure({
      code: 'no-images',
      message: `${path} has no training images`,
      help: 'put them into train/CLASS/',
      path,
    })
}

/**
 * Checks that a sampler can fill batches of so many images from the data.
 * @throws Failure `sampler-batch`, `sampler-classes`
 */
export function checkSampler({ sampler }: Model['plan'], batch: number, data: DataSet, path: string): void {
  if (!sampler) return
  const { classes, images } = sampler
  if (batch !== classes * images)
    throw new Failure({
      code: 'sampler-batch',
      message: `the sampler fills batches with ${classes} x ${images} = ${classes * images} images, not with ${batch}`,
      help: 'change the sampler instead: --train sampler.count=CLASSES --train sampler.images=IMAGES',
      exit: 2,
    })
  const found = imagesByClass(data.splits.train).size
  if (found >= classes) return
  throw new Failure({
    code: 'sampler-classes',
    message: `the sampler takes ${classes} classes for each batch, but only ${found} have training images`,
    help: `train with --train sampler.count=${found}, or get images of the other classes`,
    path,
  })
}

/** @throws Failure `labels-do-not-fit` */
function checkLabels(found: readonly DataLabel[], signature: Signature | undefined, path: string): void {
  for (const { name, size } of signature?.labels ?? []) {
    const label = found.find((one) => one.name === name)
    if (label?.size === size) continue
    throw new Failure({
      code: 'labels-do-not-fit',
      message: `${path} has ${label?.size ?? 0} of ${name}, but the model is made for ${size}`,
      help: `give the input the size ${label?.size ?? 0}, or a parameter of the model as its size: it is set from the data`,
      path,
    })
  }
}

/** @throws Failure `run-exists`, `folder-not-empty` */
export async function checkNew(out: string): Promise<void> {
  if (RunFolder.exists(out))
    throw new Failure({
      code: 'run-exists',
      message: `${out} holds a run already`,
      help: 'resume it with --resume, or choose another folder with -o',
      path: out,
      exit: 2,
    })
  await requireEmpty(out)
}

/** Properties that a resumed run cannot change. */
export function checkSame(
  { info }: RunFolder,
  spec: StoredSpec,
  { out, batch, weights }: { readonly out: string; readonly batch?: number; readonly weights?: string },
): void {
  if (weights !== undefined && weights !== info.weights)
    throw new Failure({
      code: 'run-differs',
      message: `${out} resumes from its own weights, not from ${weights}`,
      help: 'leave --weights out, or train into another folder',
      path: out,
      exit: 2,
    })
  const text = ({ entry, files, settings }: StoredSpec) => JSON.stringify([files[entry], settings])
  if (text(info.spec) !== text(spec))
    throw new Failure({
      code: 'spec-changed',
      message: `the spec is not the one that ${out} was trained with`,
      help: `train into another folder, or resume with ${out}/model.wsban`,
      path: out,
    })
  if (batch !== undefined && batch !== info.batch)
    throw new Failure({
      code: 'run-differs',
      message: `${out} trains with batches of ${info.batch}, not of ${batch}`,
      help: 'leave --batch out, or train into another folder',
      path: out,
      exit: 2,
    })
}

/** A resumed run may get more epochs, or end earlier than planned, but not before the epochs that it has completed. @throws Failure `run-differs` */
export async function checkEpochs(run: RunFolder, epochs: number): Promise<void> {
  const { epoch, stepInEpoch } = (await run.readCheckpoint('last')).state
  const begun = epoch + (stepInEpoch > 0 ? 1 : 0)
  if (epochs >= begun) return
  throw new Failure({
    code: 'run-differs',
    message: `${run.path} ${stepInEpoch > 0 ? `is in epoch ${begun}` : `has done ${epoch} epochs`}, and --epochs ${epochs} would take some away`,
    help: `leave --epochs out, or give more than ${epoch}: it counts the epochs of the whole run`,
    path: run.path,
    exit: 2,
  })
}
