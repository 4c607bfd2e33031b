import { pathToFileURL } from 'node:url'

/** Undefined in a program that a bundler has turned into CommonJS. */
const own: string | undefined = import.meta.url

/** The URL of the file that this code is in: of the source tree, of dist, or of a program that a bundler has put wsban into. */
export const moduleUrl: string = own ?? pathToFileURL(__filename).href
