/** The server's own requests in addition to the protocol's, with the schemas of their parameters and results. */
import * as z from 'zod'

const textDocument = z.object({ uri: z.string() })
const position = z.object({ line: z.number(), character: z.number() })
const range = z.object({ start: position, end: position })

/** Requests the figure of the last model without errors; null for a document without one. */
export const figureRequest = {
  method: 'wsban/figure',
  takes: z.object({ textDocument, theme: z.enum(['light', 'dark']) }),
  returns: z
    .object({
      model: z.string(),
      svg: z.string(),
      /** The boxes that the text defines: the name in the figure, the name in the text, the range of the definition, and of its name. */
      boxes: z.array(z.object({ name: z.string(), label: z.string(), range, selection: range })),
      /** Whether it is the figure of the current text. */
      current: z.boolean(),
    })
    .nullable(),
} as const

export type FigureResult = z.infer<typeof figureRequest.returns>

/** Generated code; `expanded` is the spec with every default written out. Without files for a text with errors or without a model. */
export const codeRequest = {
  method: 'wsban/code',
  takes: z.object({ textDocument, target: z.enum(['tfjs', 'pytorch', 'onnx', 'expanded']) }),
  returns: z.object({ files: z.array(z.object({ path: z.string(), text: z.string() })) }),
} as const

export type CodeTarget = z.infer<typeof codeRequest.takes>['target']
export type CodeResult = z.infer<typeof codeRequest.returns>

/** Requests the size of the model, if the text has one and no errors, and the number of diagnostics. */
export const checkRequest = {
  method: 'wsban/check',
  takes: z.object({ textDocument }),
  returns: z.object({ errors: z.number(), warnings: z.number(), size: z.string().optional() }),
} as const

export type CheckOutcome = z.infer<typeof checkRequest.returns>
