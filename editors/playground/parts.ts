import type { SampleBirds, TrainingBirds } from './birds/sample_birds.js'

/** Parts of the page that are large and wanted late, each a script that puts what it has here. */
export interface Parts {
  readonly birds: SampleBirds
  readonly trainingBirds: TrainingBirds
  /** The texts of workers: a page that is opened from a disk cannot start one from a file beside it. */
  readonly runWorker: string
  readonly codeWorker: string
  readonly trainingWorker: string
}

declare global {
  var wsbanParts: Partial<Parts> | undefined
}

const loading = new Map<keyof Parts, Promise<void>>()

/** Loads a part once. A script element also works in a page that is opened from a disk, where modules do not. @throws Error when it is missing */
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
