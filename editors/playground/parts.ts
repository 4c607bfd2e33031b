import type { SampleBirds, TrainingBirds } from './birds/sample_birds.js'

/** Large parts of the page that are loaded on demand; the script of each assigns its exports here. */
export interface Parts {
  readonly birds: SampleBirds
  readonly trainingBirds: TrainingBirds
  /** The texts of workers: a page opened from a disk cannot start a worker from a file. */
  readonly runWorker: string
  readonly codeWorker: string
  readonly trainingWorker: string
}

declare global {
  var wsbanParts: Partial<Parts> | undefined
}

const loading = new Map<keyof Parts, Promise<void>>()

/** Loads a part once. A script element also works in a page opened from a disk, unlike a module. @throws Error when it is missing */
export async function part<Name extends keyof Parts>(name: Name): Promise<Parts[Name]> {
  const begun = loading.get(name) ?? load(`${name}.js`)
  loading.set(name, begun)
  await begun
  const found = globalThis.wsbanParts?.[name]
  if (found === undefined) throw new Error(`${name}.js is not what belongs to this page`)
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
