/** The package has no types for the module that has its WebAssembly inside. */
declare module 'libheif-js/libheif-wasm/libheif-bundle.mjs' {
  export default function create(options: { print(): void; printErr(): void }): import('./heic.js').Libheif
}
