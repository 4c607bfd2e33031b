import type { Plugin } from 'esbuild'

export declare const embedded: readonly Plugin[]
