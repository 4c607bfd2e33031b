/** Messages between the extension and the page of a figure. */
import * as z from 'zod'

export const toPage = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('figure'),
    svg: z.string(),
    /** The boxes that are links: the name in the figure and in the text. */
    labels: z.array(z.tuple([z.string(), z.string()])),
    current: z.boolean(),
  }),
  z.object({ kind: z.literal('mark'), names: z.array(z.string()) }),
  z.object({ kind: z.literal('empty'), text: z.string() }),
])
export type ToPage = z.infer<typeof toPage>

export const fromPage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('follow'), name: z.string() }),
])
export type FromPage = z.infer<typeof fromPage>
