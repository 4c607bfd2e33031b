import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as z from 'zod'
import type { Graph } from '../../../compiler/graph/graph.js'
import type { Tensor } from '../../../compiler/ops/support/tensor.js'
import { emitPytorch } from '../../../compiler/targets/pytorch/emit.js'
import { className } from '../../../compiler/targets/pytorch/python.js'
import { packageRoot } from '../../../runtime/package_root.js'
import { LineProcess } from '../../support/line_process.js'
import type { Outcome } from './engine.js'
import type { ReferenceInputs } from './reference.js'

/** How torch runs the generated code: as it stands, or compiled by one of its backends. */
export type Backend = 'aot_eager' | 'inductor' | null

const encoded = z.object({ shape: z.array(z.number()), data: z.string() }).transform(({ shape, data }): Tensor => {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'))
  return { shape, data: new Float64Array(bytes.buffer) }
})
const tensors = z.record(z.string(), encoded).transform((named) => new Map(Object.entries(named)))
const answered = z.union([
  z.object({ error: z.string() }),
  z.object({ answers: tensors, losses: tensors, gradients: tensors, updates: tensors }),
])

/** The PyTorch code of models, run in double precision where that is possible, by one Python process. */
export class PytorchExecutor {
  private process: LineProcess | undefined
  private models = 0

  constructor(private readonly python: string) {}

  /** @throws with Python's traceback where the generated code fails */
  async run(graph: Graph, inputs: ReferenceInputs, backend: Backend): Promise<Outcome> {
    const folder = mkdtempSync(join(tmpdir(), 'wsban-fuzz-'))
    try {
      // torch.compile remembers modules by their names.
      const [model, operations] = [`model_${this.models}`, `operations_${this.models}`]
      this.models++
      for (const { path, text } of emitPytorch(graph, { source: 'fuzz.wsban', version: '0' })) {
        if (path !== 'model.py' && path !== 'operations.py') continue
        const name = path === 'model.py' ? model : operations
        writeFileSync(join(folder, `${name}.py`), text.replace(/^from operations import/m, `from ${operations} import`))
      }
      return await this.ask({
        folder,
        module: model,
        class: className([graph.name]),
        // Boxes are in single precision whatever the image is in, so a layer that reads one is, too.
        dtype: readsBox(graph) ? 'float32' : 'float64',
        state: Object.fromEntries(
          [...graph.parameters.keys()].flatMap((name) => {
            const value = inputs.parameters.get(name)
            return value ? [[name, textOf(value)]] : []
          }),
        ),
        image: textOf(inputs.image),
        labels: graph.labels.map(({ name, kind }) => ({
          ...textOf(inputs.others.get(name) ?? inputs.label),
          class: kind === 'Class',
        })),
        backend,
      })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }

  async close(): Promise<void> {
    await this.process?.close()
  }

  private async ask(request: unknown): Promise<Outcome> {
    const script = join(packageRoot(), 'test', 'fuzz', 'models', 'pytorch.py')
    this.process ??= new LineProcess({ program: this.python, args: [script] })
    const reply = await this.process.ask(request)
    if ('ended' in reply) {
      this.process = undefined
      throw new Error(`Python ended (${reply.ended})`)
    }
    const outcome = answered.parse(reply.answer)
    if ('error' in outcome) throw new Error(outcome.error)
    return outcome
  }
}

function readsBox({ nodes }: Graph): boolean {
  const crops = new Set(nodes.filter(({ operation }) => operation === 'crop_sampler').map(({ id }) => id))
  return nodes.some(({ inputs }) => inputs.some(({ value }) => crops.has(value.node) && value.output > 0))
}

function textOf({ shape, data }: Tensor): { shape: readonly number[]; data: string } {
  return { shape, data: Buffer.from(Float64Array.from(data).buffer).toString('base64') }
}
