import type { InferenceSession, Tensor } from 'onnxruntime-node'
import { encodeModel } from '../../compiler/targets/onnx/encode.js'
import type { OnnxProgram } from '../../compiler/targets/onnx/program.js'
import { present } from '../../grammar/present.js'
import { type ImageStep, preprocess } from '../images/preprocess.js'
import type { RgbImage } from '../images/rgb_image.js'
import { argMax } from '../inference/answer.js'
import { channelsFirst } from '../inference/channels_first.js'
import { sessionOptions } from '../inference/onnx_session.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'

/** The image as the input of a program. */
export interface Feed {
  readonly input: 'image' | 'tensor'
  readonly steps: readonly ImageStep[]
}

/** Runs a program without writing it to a file. */
export class ProgramSession {
  private constructor(
    private readonly session: InferenceSession,
    private readonly makeTensor: typeof Tensor,
    private readonly feed: Feed,
  ) {}

  static async open(program: OnnxProgram, feed: Feed): Promise<ProgramSession> {
    const runtime = await loadOnnxRuntime()
    const pieces: Uint8Array[] = []
    const encoded = encodeModel({ program, producer: 'wsban', version: '', metadata: {} })
    for await (const piece of encoded.pieces()) pieces.push(piece)
    const session = await runtime.InferenceSession.create(Buffer.concat(pieces), sessionOptions)
    return new ProgramSession(session, runtime.Tensor, feed)
  }

  run(image: RgbImage): Promise<InferenceSession.OnnxValueMapType> {
    return this.session.run({ image: this.tensorOf(image) })
  }

  async topOne(image: RgbImage): Promise<number> {
    const name = present(this.session.outputNames[0], 'the first output')
    const { data } = present((await this.session.run({ image: this.tensorOf(image) }, [name]))[name], name)
    if (!(data instanceof Float32Array)) throw new Error('the file gives no probabilities')
    return argMax(data)
  }

  /** Returns the names of outputs that end in `ending`, without the ending. */
  names(ending: string): string[] {
    return this.session.outputNames.flatMap((name) => (name.endsWith(ending) ? [name.slice(0, -ending.length)] : []))
  }

  async close(): Promise<void> {
    await this.session.release()
  }

  private tensorOf(image: RgbImage): Tensor {
    const { width, height, data } = image
    if (this.feed.input === 'image') return new this.makeTensor('uint8', data, [1, height, width, 3])
    const values = preprocess(image, this.feed.steps)
    const size = Math.sqrt(values.length / 3)
    const turned = channelsFirst({ values, shape: [1, size, size, 3] })
    return new this.makeTensor('float32', turned.values, turned.shape)
  }
}

/** Returns at most `count` items, spread over the list. */
export function spread<T>(list: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, list.length / count)
  return Array.from({ length: Math.min(count, list.length) }, (_, index) => list[Math.floor(index * step)]).flatMap(
    (item) => (item === undefined ? [] : [item]),
  )
}
