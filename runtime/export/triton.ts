import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { safeLine } from '../../compiler/diagnostics/safe_text.js'
import { writeAtomically } from '../files.js'
import { classAnswer } from '../inference/answer.js'
import { OnnxModel } from '../inference/onnx_model.js'
import { openModelSession } from '../inference/onnx_session.js'
import { descriptions, type TensorDescription } from '../inference/tensor_description.js'
import { loadOnnxRuntime } from '../onnxruntime/load.js'
import type { Reporter } from '../reporter.js'
import { WrittenFiles } from '../written_files.js'

/** The largest batch into which Triton combines requests. */
const largestBatch = 8

/** How long it waits for further requests, in microseconds. */
const queueDelay = 2000

const labelsFile = 'labels.txt'

/** A model in a model repository of NVIDIA's Triton Inference Server: NAME/config.pbtxt, NAME/1/model.onnx and the names of its classes. */
export class TritonRepository {
  private constructor(
    private readonly repository: string,
    private readonly name: string,
    private readonly files: WrittenFiles,
  ) {}

  /** @throws Failure `file-exists` where one of its files would replace what wsban did not write, or was changed since */
  static async open(repository: string, name: string): Promise<TritonRepository> {
    const files = await WrittenFiles.open(repository)
    await files.check([`${name}/config.pbtxt`, `${name}/1/model.onnx`, `${name}/${labelsFile}`])
    return new TritonRepository(repository, name, files)
  }

  get folder(): string {
    return join(this.repository, this.name)
  }

  /** Copies an exported file, and describes it. @throws Failure `cannot-write`, `onnxruntime-broken`, `onnxruntime-old` */
  async write(onnx: string, reporter: Reporter): Promise<void> {
    const model = await OnnxModel.read(onnx)
    const session = await openModelSession(await loadOnnxRuntime(reporter), model)
    const [inputs, outputs] = [descriptions(session.inputMetadata), descriptions(session.outputMetadata)]
    await session.release()
    const classes = model.signature ? classAnswer(model.signature)?.name : outputs[0]?.name
    const labelled = classes === undefined ? undefined : { output: classes, names: model.classes }
    if (labelled)
      await this.files.write(`${this.name}/${labelsFile}`, labelled.names.map((name) => `${safeLine(name)}\n`).join(''))
    await this.files.writeBy(`${this.name}/1/model.onnx`, (path) => writeAtomically(path, createReadStream(onnx)))
    await this.files.write(
      `${this.name}/config.pbtxt`,
      tritonConfig({ name: this.name, inputs, outputs, labelled: labelled?.output }),
    )
  }
}

/**
 * Returns a ModelConfig in the text format of protocol buffers (triton-inference-server/common, protobuf/model_config.proto). Triton combines
 * requests of the same shape only, so images of any size may be sent. Without a row per image in every output there is no batching.
 *
 * @param labelled the output that has the names of classes
 */
export function tritonConfig({
  name,
  inputs,
  outputs,
  labelled,
}: {
  readonly name: string
  readonly inputs: readonly TensorDescription[]
  readonly outputs: readonly TensorDescription[]
  readonly labelled?: string | undefined
}): string {
  const isBatched = [...inputs, ...outputs].every(({ shape }) => shape[0] === -1)
  const tensor = ({ name: own, datatype, shape }: TensorDescription) =>
    [
      '  {',
      `    name: ${quoted(own)}`,
      `    data_type: TYPE_${datatype}`,
      `    dims: [ ${(isBatched ? shape.slice(1) : shape).join(', ')} ]`,
      // For one number per image, as dims may not be empty.
      ...(isBatched && shape.length === 1 ? ['    reshape: { shape: [ ] }'] : []),
      ...(own === labelled ? [`    label_filename: ${quoted(labelsFile)}`] : []),
      '  }',
    ]
      .join('\n')
      .replace('dims: [  ]', 'dims: [ 1 ]')
  const list = (field: string, tensors: readonly TensorDescription[]) =>
    `${field} [\n${tensors.map(tensor).join(',\n')}\n]`
  return [
    `name: ${quoted(name)}`,
    'backend: "onnxruntime"',
    `max_batch_size: ${isBatched ? largestBatch : 0}`,
    list('input', inputs),
    list('output', outputs),
    ...(isBatched ? [`dynamic_batching { max_queue_delay_microseconds: ${queueDelay} }`] : []),
    '',
  ].join('\n')
}

/** A string of the text format: bytes other than printable ASCII by their octal numbers. */
function quoted(text: string): string {
  const escaped = Array.from(Buffer.from(text), (byte) =>
    byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c
      ? `\\${byte.toString(8).padStart(3, '0')}`
      : String.fromCharCode(byte),
  )
  return `"${escaped.join('')}"`
}
