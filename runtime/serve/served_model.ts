import type { Worker } from 'node:worker_threads'
import { Failure, type Problem } from '../failure.js'
import type { Answer, Outputs } from '../inference/answer.js'
import { corrected } from '../inference/calibrate.js'
import { OnnxModel } from '../inference/onnx_model.js'
import { descriptions, type TensorDescription } from '../inference/tensor_description.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import type { Reporter } from '../reporter.js'
import { startThread } from '../thread.js'
import type { InputTensor } from './tensors.js'

export interface ToSession {
  readonly id: number
  readonly tensor: InputTensor
}

type Refused = { readonly problem: Problem } | { readonly error: unknown }

export type FromSession =
  | { readonly inputs: unknown; readonly outputs: unknown }
  | ({ readonly id: number } & ({ readonly outputs: Outputs } | Refused))
  | Refused

/** An exported file in a thread of its own, and how its outputs are read. */
export class ServedModel {
  private readonly waiting = new Map<number, { settle: (outputs: Outputs) => void; fail: (error: unknown) => void }>()
  /** Rejects when the thread exits unexpectedly. */
  readonly failed: Promise<never>
  private next = 0
  private ended: Error | undefined
  private closing = false

  private constructor(
    readonly name: string,
    readonly model: OnnxModel,
    private readonly thread: Worker,
    readonly input: TensorDescription,
    readonly outputs: readonly TensorDescription[],
  ) {
    thread.on('message', (message: FromSession) => this.receive(message))
    thread.on('error', (error) => this.end(error))
    thread.on('exit', () => this.end(new Error('the thread of the model ended')))
    this.failed = new Promise((_, fail) => {
      thread.once('error', fail)
      thread.once('exit', () => {
        if (!this.closing) fail(new Error('the thread of the model ended'))
      })
    })
    // Pending requests reject with the same error.
    this.failed.catch(() => undefined)
  }

  /**
   * @param name by which requests call it
   * @param threads of one operator; as many as the machine has cores, when absent
   * @throws Failure `onnx-unreadable`, `onnx-foreign`, `onnxruntime-broken`
   */
  static async open(path: string, name: string, reporter: Reporter, threads?: number): Promise<ServedModel> {
    const model = await OnnxModel.read(path)
    if (model.sizes.batch !== undefined)
      throw new Failure({
        code: 'wrong-usage',
        message: `${path} takes exactly ${model.sizes.batch} images at a time`,
        help: 'export it without --batch: the server gathers batches itself',
        path,
        exit: 2,
      })
    // Here first, where a download is reported.
    await loadOnnxRuntime(reporter)
    const thread = startThread('serve/session_thread', { path, ...(threads !== undefined && { threads }) })
    try {
      const { inputs, outputs } = await firstMessage(thread)
      const [input] = descriptions(inputs)
      if (!input) throw model.foreign('it has no input')
      return new ServedModel(name, model, thread, input, descriptions(outputs))
    } catch (error) {
      await thread.terminate()
      throw error
    }
  }

  /** @throws Failure `onnx-failed`, `onnx-foreign` */
  run(tensor: InputTensor): Promise<Outputs> {
    if (this.ended) return Promise.reject(this.ended)
    const id = this.next++
    const { data } = tensor
    return new Promise((settle, fail) => {
      this.waiting.set(id, { settle, fail })
      const message: ToSession = { id, tensor }
      this.thread.postMessage(message, data.buffer instanceof ArrayBuffer ? [data.buffer] : [])
    })
  }

  /** Returns the calibrated answer about the one image of the outputs. @throws Failure `onnx-foreign` */
  answerOf(outputs: Outputs): Answer {
    const [answer] = this.model.answersOf(outputs, 1)
    if (!answer) throw new Error('no answer for an image')
    const { calibration } = this.model
    return calibration ? corrected(answer, calibration) : answer
  }

  async close(): Promise<void> {
    this.closing = true
    await this.thread.terminate()
  }

  private receive(message: FromSession): void {
    if (!('id' in message)) return
    const waiting = this.waiting.get(message.id)
    this.waiting.delete(message.id)
    if ('outputs' in message) waiting?.settle(message.outputs)
    else waiting?.fail(errorOf(message))
  }

  private end(error: Error): void {
    this.ended ??= error
    for (const { fail } of this.waiting.values()) fail(this.ended)
    this.waiting.clear()
  }
}

function firstMessage(thread: Worker): Promise<{ inputs: unknown; outputs: unknown }> {
  return new Promise((settle, fail) => {
    thread.once('message', (message: FromSession) => {
      if ('inputs' in message) settle(message)
      else fail('outputs' in message ? new Error('the thread answers before it is asked') : errorOf(message))
    })
    thread.once('error', fail)
    thread.once('exit', () => fail(new Error('the thread of the model ended')))
  })
}

function errorOf(refused: Refused): unknown {
  return 'problem' in refused ? new Failure(refused.problem) : refused.error
}
