/** How an exported file resizes images: by matrix products, or with the operator Resize. */
export const resizeLowerings = ['products', 'operator'] as const

export type ResizeLowering = (typeof resizeLowerings)[number]

export const defaultResize: ResizeLowering = 'products'
