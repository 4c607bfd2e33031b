/** The first IR version that knows each opset (onnx/helper.py, OP_SET_ID_VERSION_MAP). */
export const irVersions: ReadonlyMap<number, number> = new Map([
  [18, 8],
  [19, 9],
  [20, 9],
  [21, 10],
])

/** Opsets that can be written. */
export const opsets: readonly number[] = [...irVersions.keys()]

export const defaultOpset = 18
