import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { elementAt } from '../../grammar/present.js'
import type { Sample } from '../data/dataset.js'
import { decodeSample } from '../data/sample_image.js'
import type { Reporter } from '../reporter.js'
import { type Feed, ProgramSession, spread } from './program_session.js'

/** Images on which programs are timed, spread over the split. */
const timedImages = 40

/**
 * Returns the mean milliseconds for one image of each of two programs in ONNX Runtime, in their order. They alternate on the same images, so that
 * other load slows down both.
 *
 * @throws Failure `image-unreadable`
 */
export async function timeInTurns(
  programs: readonly [OnnxProgram, OnnxProgram],
  images: readonly Sample[],
  feed: Feed,
  reporter: Reporter,
): Promise<readonly [number, number]> {
  const sessions = [await ProgramSession.open(programs[0], feed), await ProgramSession.open(programs[1], feed)]
  const totals: [number, number] = [0, 0]
  const samples = spread(images, timedImages)
  try {
    for (const [index, sample] of samples.entries()) {
      const image = await decodeSample(sample)
      for (const which of [0, 1] as const) {
        const session = elementAt(sessions, which)
        // The first run of a session allocates memory.
        if (index === 0) await session.run(image)
        const start = performance.now()
        await session.run(image)
        totals[which] += performance.now() - start
      }
      reporter.progress(`timed ${index + 1} of ${samples.length} images`)
    }
  } finally {
    await Promise.all(sessions.map((session) => session.close()))
  }
  return [totals[0] / samples.length, totals[1] / samples.length]
}
