/** y1, x1, y2, x2, each a fraction of the image (0 to 1). */
export type Box = readonly [y1: number, x1: number, y2: number, x2: number]
