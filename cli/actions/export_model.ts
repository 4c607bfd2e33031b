import { join } from 'node:path'
import { classNamesOf, exportOnnx, type Precision } from '../../runtime/export/onnx.js'
import { Failure } from '../../runtime/failure.js'
import type { Io } from '../io.js'
import { openWeighted, type SpecOptions } from './weighted_spec.js'

export interface ExportRequest extends SpecOptions {
  readonly out: string
  readonly seed: number
  readonly precision: Precision
  readonly input: 'image' | 'tensor'
  readonly opset: number
  readonly without?: readonly string[]
  readonly page?: string
}

export async function exportModel(source: string, request: ExportRequest, io: Io): Promise<number> {
  if (request.page !== undefined && request.input === 'tensor')
    throw new Failure({
      code: 'wrong-usage',
      message: 'a page needs a file that takes pictures',
      help: 'leave out --input tensor, or --page',
      exit: 2,
    })
  const { spec, classes, weights: found, metrics } = await openWeighted(source, request, io)
  const weights = await found?.open()
  const classNames = classNamesOf(spec.graph, classes)
  try {
    const exported = await exportOnnx({
      graph: spec.graph,
      stored: spec.stored,
      classes: classNames,
      path: request.out,
      input: request.input,
      opset: request.opset,
      precision: request.precision,
      weights: weights ?? { seed: request.seed },
      ...(request.without && { without: request.without }),
      ...(metrics && { metrics }),
    })
    if (request.page !== undefined) {
      const { writePage } = await import('../../runtime/export/page.js')
      await writePage(request.page, {
        title: spec.graph.name,
        subtitle: weights
          ? `${classNames.length} classes`
          : `random weights from seed ${request.seed}: the answers mean nothing`,
        classes: classNames,
        model: request.out,
      })
      io.print(`wrote ${join(request.page, 'index.html')}: open it in a browser`)
    }
    const how = weights ? '' : `, random weights from seed ${request.seed}`
    io.print(`wrote ${request.out}: ${(exported.bytes / 1e6).toFixed(1)} MB${how}`)
    io.json({
      ok: true,
      path: request.out,
      bytes: exported.bytes,
      nodes: exported.nodes,
      opset: request.opset,
      weights: found?.path ?? null,
      seed: weights ? null : request.seed,
    })
    return 0
  } finally {
    await weights?.close()
  }
}
