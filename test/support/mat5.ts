/** Bytes of MATLAB files of level 5, little-endian, for tests: what scipy would not write as well. */

const classes = { cell: 1, struct: 2, object: 3, char: 4, double: 6 } as const

/** A data element: its type, its length, and its data up to a multiple of 8. */
export function element(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(type)
  head.writeUInt32LE(data.length, 4)
  return Buffer.concat([head, data, Buffer.alloc((8 - (data.length % 8)) % 8)])
}

export function integers(...values: readonly number[]): Buffer {
  return Buffer.from(Uint32Array.from(values).buffer)
}

export function matFile(...elements: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from('MATLAB 5.0'.padEnd(124)), Buffer.from([0, 1]), Buffer.from('IM'), ...elements])
}

/** An array of one row, whatever it holds. */
export function matrix(kind: keyof typeof classes, name: string, count: number, ...content: readonly Buffer[]): Buffer {
  const head = [element(6, integers(classes[kind], 0)), element(5, integers(1, count)), element(1, Buffer.from(name))]
  return element(14, Buffer.concat([...head, ...content]))
}

export function numbers(name: string, ...values: readonly number[]): Buffer {
  return matrix('double', name, values.length, element(9, Buffer.from(Float64Array.from(values).buffer)))
}

export function text(name: string, value: string): Buffer {
  return matrix('char', name, value.length, element(4, Buffer.from(value, 'utf16le')))
}

export function cells(name: string, ...values: readonly Buffer[]): Buffer {
  return matrix('cell', name, values.length, ...values)
}

/** @param records each with the same fields, in the same order */
export function structs(name: string, ...records: readonly Readonly<Record<string, Buffer>>[]): Buffer {
  const length = 32
  const names = Object.keys(records[0] ?? {}).map((field) => Buffer.from(field.padEnd(length, '\0')))
  const values = records.flatMap((record) => Object.values(record))
  return matrix(
    'struct',
    name,
    records.length,
    element(5, integers(length)),
    element(1, Buffer.concat(names)),
    ...values,
  )
}
