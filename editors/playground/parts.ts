import type { compile } from '../../runtime/compiler_api/compile.js'
import type { Answer } from '../../runtime/page/answer.js'

/** Parts of the page that are large and wanted late, each a script that puts what it has here. */
export interface Parts {
  code?: { readonly compile: typeof compile }
  run?: { readonly answer: (model: Uint8Array, image: ImageBitmap) => Promise<Answer> }
}

declare global {
  var wsbanParts: Parts | undefined
}

/** The part that a script adds to; it may be the first. */
export function provide(part: Parts): void {
  globalThis.wsbanParts = { ...globalThis.wsbanParts, ...part }
}

const loading = new Map<keyof Parts, Promise<void>>()

/** Loads a part once. A script element also works in a page that is opened from a disk, where modules do not. @throws Error when it is missing */
export async function part<Name extends keyof Parts>(name: Name): Promise<NonNullable<Parts[Name]>> {
  const begun = loading.get(name) ?? load(`${name}.js`)
  loading.set(name, begun)
  await begun
  const found = globalThis.wsbanParts?.[name]
  if (!found) throw new Error(`${name}.js is not what belongs to this page`)
  return found
}

function load(file: string): Promise<void> {
  return new Promise((settle, fail) => {
    const script = document.createElement('script')
    script.src = file
    script.onload = () => settle()
    script.onerror = () => fail(new Error(`${file} is missing beside the page`))
    document.head.append(script)
  })
}
