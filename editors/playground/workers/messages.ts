/** Requests by name: the parameters, the result, and the progress messages of each. */
export type Requests = Readonly<
  Record<string, { readonly takes: unknown; readonly answers: unknown; readonly tells?: unknown }>
>

export interface ToWorker {
  readonly id: number
  readonly name: string
  readonly request: unknown
}

export type FromWorker =
  | { readonly id: number; readonly told: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string }

export type Handlers<All extends Requests> = {
  readonly [Name in keyof All]: (
    request: All[Name]['takes'],
    tell: (told: All[Name]['tells']) => void,
  ) => Promise<All[Name]['answers']>
}
