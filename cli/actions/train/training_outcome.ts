import type { Graph } from '../../../compiler/graph/graph.js'
import type { DataSet } from '../../../runtime/data/dataset.js'
import { predictsClasses } from '../../../runtime/inference/answer.js'
import { type AgainstChance, againstChance } from '../../../runtime/inference/chance.js'
import { scoresText } from '../../../runtime/inference/evaluate.js'
import type { Model } from '../../../runtime/model.js'
import type { RunFolder } from '../../../runtime/runs/folder.js'
import { shellWord } from '../../../runtime/shell_word.js'
import { clock } from '../../../runtime/training/clock.js'
import { profileText, type StepProfile } from '../../../runtime/training/profile.js'
import type { TrainResult } from '../../../runtime/training/train.js'
import type { Io } from '../../io.js'
import { calibrationText, measureCalibration } from '../calibrate_run.js'
import { chanceReason } from '../chance_reason.js'
import type { PreparedTraining } from './prepared_training.js'
import type { TrainRequest } from './train_options.js'

/** A training run that has ended or was interrupted. */
export interface Trained {
  readonly run: RunFolder
  readonly result: TrainResult
  readonly model: Model
  readonly profile: StepProfile | undefined
}

/** Prints the result of a training run and the next step; calibrates a classifier. Returns the exit code. */
export async function finishTraining(
  trained: Trained,
  prepared: PreparedTraining,
  request: TrainRequest,
  io: Io,
): Promise<number> {
  const { run, result, profile } = trained
  if (profile) io.printText(profileText(profile.table()))
  if (result.interrupted) {
    io.reporter.say(`stopped; ${request.out} holds ${run.info.last}`)
    io.next(`wsban train --resume -o ${shellWord(request.out)}`)
    io.json({ ok: false, interrupted: true, run: request.out, checkpoint: run.info.last })
    return 130
  }
  sayScores(trained, io)
  const { signature } = trained.model
  const standing = signature ? undefined : await standingOf(run, prepared.data, prepared.spec.graph)
  if (standing?.nearChance) io.reporter.warn(chanceText(standing))
  const calibration = predictsClasses(signature)
    ? await measureCalibration(
        request.out,
        request.data,
        prepared.engine === 'pytorch' ? undefined : prepared.engine,
        io,
      )
    : undefined
  if (calibration) io.reporter.say(calibrationText(calibration))
  io.next(`wsban report ${shellWord(request.out)}`)
  io.json({
    ok: true,
    run: request.out,
    steps: result.steps,
    totalSteps: result.totalSteps,
    seconds: result.seconds,
    secondsPerStep: result.secondsPerStep,
    val: result.evaluation,
    ...(result.features && { features: result.features }),
    ...(standing && { standing }),
    ...(calibration && { calibration }),
    ...(profile && { profile: profile.table() }),
  })
  return 0
}

function sayScores({ result, model }: Trained, io: Io): void {
  const { evaluation } = result
  if (result.endedEarly)
    io.reporter.say(
      `stopped early: no better validation ${evaluation?.score?.metric ?? 'top-1'} in ${model.plan.patience} epochs`,
    )
  io.print(`${totalsOf(result)}${evaluation ? ` · val: ${scoresText(evaluation)}` : ''}`)
  if (result.features) {
    const { computed, found } = result.features
    io.reporter.say(`features of frozen parts: computed for ${computed} images, taken from the cache ${found} times`)
  }
  if (evaluation?.score)
    io.reporter.say(
      `the checkpoint in use is the best by ${evaluation.score.metric} of ${evaluation.score.answer} on the validation split`,
    )
}

/** The best checkpoint's accuracy compared with chance; undefined without validation images. */
async function standingOf(
  run: RunFolder,
  { splits: { val }, classes }: DataSet,
  graph: Graph,
): Promise<(AgainstChance & { readonly reason: string }) | undefined> {
  const { bestScore } = run.info
  if (bestScore === undefined || val.length === 0) return undefined
  const labels = val.map(({ label }) => label)
  return { ...againstChance(bestScore, labels, classes.length), reason: await chanceReason(run, graph) }
}

function chanceText({ top1, chance, reason }: AgainstChance & { readonly reason: string }): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return `a top-1 of ${percent(top1)} is hardly better than chance (${percent(chance)}): ${reason}`
}

/** For a resumed run, steps and time since it was resumed, and also the total number of steps. */
function totalsOf({ steps, totalSteps, seconds, secondsPerStep }: TrainResult): string {
  if (steps === 0) return `no steps to take; the run has ${totalSteps}`
  const counted = steps === 1 ? '1 step' : `${steps} steps`
  const all = steps === totalSteps ? '' : `, ${totalSteps} in all`
  return `trained ${counted} in ${clock(seconds)} (${secondsPerStep.toFixed(3)} s a step)${all}`
}
