import type { OnnxCall } from '../../targets/onnx/lowering.js'
import { neighbours } from './interpolate.js'
import { sizeOf } from './shapes.js'
import { permute, type Tensor, zeros } from './tensor.js'

interface Side {
  /** [batch, count]: the positions of the output cells along this axis. */
  readonly fractions: string
  readonly count: number
}

interface Places {
  readonly rows: Side
  readonly columns: Side
  /** Whether fractions 0 and 1 are the centres of the first and last cell, or their outer edges. */
  readonly fractionsOf: 'centres' | 'edges'
}

/**
 * Adds the nodes that sample a call's images bilinearly on the grid of rows and columns, with border replication. Returns the name of the result,
 * [batch, channels, rows, columns]. In a portable file rows and columns are sampled separately, each by a product with a matrix of interpolation
 * weights.
 */
export function sampleAlong(call: OnnxCall, places: Places): string {
  return call.portable ? byProducts(call, places) : byGridSample(call, places)
}

function byGridSample(call: OnnxCall, { rows, columns, fractionsOf }: Places): string {
  const batch = call.add('Shape', [rows.fractions], { start: 0, end: 1 }, 'batch')
  const full = call.add('Concat', [batch, call.int64([rows.count, columns.count, 1])], { axis: 0 }, 'full')
  // GridSample's coordinates range from -1 to 1.
  const spread = ({ fractions }: Side, side: 'x' | 'y', shape: readonly number[]) => {
    const doubled = call.add('Mul', [fractions, call.float(2)], {}, `${side}_twice`)
    const scaled = call.add('Sub', [doubled, call.float(1)], {}, `${side}_scaled`)
    const lined = call.add('Reshape', [scaled, call.int64(shape)], {}, `${side}_lined`)
    return call.add('Expand', [lined, full], {}, `${side}_grid`)
  }
  const x = spread(columns, 'x', [-1, 1, columns.count, 1])
  const y = spread(rows, 'y', [-1, rows.count, 1, 1])
  return call.add('GridSample', [call.input('image'), call.add('Concat', [x, y], { axis: 3 }, 'grid')], {
    mode: linearMode(call),
    padding_mode: 'border',
    align_corners: Number(fractionsOf === 'centres'),
  })
}

/** The name of GridSample's bilinear mode, which changed. */
export function linearMode({ opset }: OnnxCall): string {
  return opset < 20 ? 'bilinear' : 'linear'
}

function byProducts(call: OnnxCall, { rows, columns, fractionsOf }: Places): string {
  const { shape } = call.type('image')
  const down = shares(call, rows.fractions, { side: 'y', length: sizeOf(shape, 2), fractionsOf })
  const across = shares(call, columns.fractions, { side: 'x', length: sizeOf(shape, 3), fractionsOf })
  const tall = call.add('MatMul', [down, call.input('image')], {}, 'rows')
  return call.add('MatMul', [tall, across])
}

interface Cells extends Pick<Places, 'fractionsOf'> {
  readonly side: 'x' | 'y'
  /** Cells that are sampled from. */
  readonly length: number
}

/** The share of each input cell in each output cell: [batch, 1, outputs, inputs] for rows, [batch, 1, inputs, outputs] for columns. */
function shares(call: OnnxCall, fractions: string, { side, length, fractionsOf }: Cells): string {
  const step = (operator: string, inputs: readonly string[], name: string) =>
    call.add(operator, inputs, {}, `${side}_${name}`)
  const scale = call.float(fractionsOf === 'centres' ? length - 1 : length)
  const scaled = step('Mul', [fractions, scale], 'scaled')
  const centre = fractionsOf === 'centres' ? scaled : step('Sub', [scaled, call.float(0.5)], 'centre')
  const within = step('Clip', [centre, call.float(0), call.float(length - 1)], 'within')
  const lined = step('Unsqueeze', [within, call.int64(side === 'y' ? [1, 3] : [1, 2])], 'lined')
  const cells = Array.from({ length }, (_, cell) => cell)
  const distance = step(
    'Abs',
    [step('Sub', [lined, call.float(cells, side === 'y' ? [length] : [length, 1])], 'apart')],
    'distance',
  )
  return step('Relu', [step('Sub', [call.float(1), distance], 'share_or_less')], 'shares')
}

/**
 * Adds the nodes that resize the last two axes bilinearly, with half-pixel centres and without antialiasing; returns the name of the result.
 * Both sizes are known, so that in a portable file the matrices of its products are constants.
 */
export function resizeLastAxes(
  call: OnnxCall,
  x: string,
  {
    rank,
    from,
    to,
    step,
  }: {
    readonly rank: number
    readonly from: readonly [height: number, width: number]
    readonly to: readonly [height: number, width: number]
    /** The name of the last node; that of the call if absent. */
    readonly step?: string
  },
): string {
  if (!call.portable) {
    const attributes = { mode: 'linear', coordinate_transformation_mode: 'half_pixel', axes: [rank - 2, rank - 1] }
    return call.add('Resize', [x, '', '', call.int64(to)], attributes, step)
  }
  const constant = ({ data, shape }: Tensor) => call.float([...data], shape)
  const down = constant(matrix(from[0], to[0]))
  const across = constant(permute(matrix(from[1], to[1]), [1, 0]))
  const tall = call.add('MatMul', [down, x], {}, `${step ?? 'resized'}/rows`)
  return call.add('MatMul', [tall, across], {}, step)
}

/** [to, from]: the share of each input cell in each output cell. */
function matrix(from: number, to: number): Tensor {
  const shares = zeros([to, from])
  for (let output = 0; output < to; output++) {
    const { low, high, share } = neighbours(output, from, to)
    shares.data[output * from + low] = 1 - share
    // At the border both are the same cell.
    if (high !== low) shares.data[output * from + high] = share
  }
  return shares
}
