import type { Diagram } from '../../compiler/diagram/diagram.js'
import type { SourceFile } from '../../grammar/tree.js'
import { type OutlineItem, outlineOf } from './outline.js'

/** Returns the definition of each box of the figure that the text defines: `master.trunk`, `loss.part`, `predict.probabilities`. */
export function placesOf(file: SourceFile, { boxes }: Diagram): ReadonlyMap<string, OutlineItem> {
  const model = outlineOf(file).find(({ kind }) => kind === 'model')
  return new Map(
    boxes.flatMap(({ id }) => {
      const place = model && placeIn(model, id)
      return place ? [[id, place] as const] : []
    }),
  )
}

function placeIn(model: OutlineItem, box: string): OutlineItem | undefined {
  const [first = '', ...rest] = box.split('.')
  let found = model
  for (const step of first === 'predict' ? rest : [first, ...rest]) {
    const next = found.children.find((item) => item.name === step)
    if (!next) break
    found = next
  }
  return found === model ? undefined : found
}
