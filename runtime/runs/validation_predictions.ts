import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { hasCode, writeAtomically } from '../files.js'
import { parsedJson } from '../parsed_json.js'

/** The file in a run's folder that each epoch replaces. */
export const validationFile = 'validation.json'

const validationPredictions = z.object({
  /** The epoch that ended, counted from 1. */
  epoch: z.number().int().min(1),
  /** The predicted class of each image of the validation split, in its order; null for an unreadable image. */
  predicted: z.array(z.number().int().min(0).nullable()),
})
export type ValidationPredictions = z.infer<typeof validationPredictions>

/** @throws Failure `cannot-write` */
export async function writeValidationPredictions(run: string, predictions: ValidationPredictions): Promise<void> {
  await writeAtomically(join(run, validationFile), `${JSON.stringify(predictions)}\n`)
}

/** Returns the predictions at the end of the last epoch; undefined before the first one has ended, and for a file of another kind. */
export async function readValidationPredictions(run: string): Promise<ValidationPredictions | undefined> {
  const text = await readFile(join(run, validationFile), 'utf8').catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  })
  return text === undefined ? undefined : validationPredictions.safeParse(parsedJson(text)).data
}
