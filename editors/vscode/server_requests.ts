import { ErrorCodes, type LanguageClient, ResponseError } from 'vscode-languageclient/node.js'
import type * as z from 'zod'

interface Request<Taken, Result> {
  readonly method: string
  readonly takes: z.ZodType<Taken>
  readonly returns: z.ZodType<Result>
}

const tooOld =
  'the setting wsban.command names an earlier wsban, which draws no figures and shows no code. Update it, or clear the setting.'

/** Sends the language server's own requests. A result that does not match the schema, as of another version of the server, is an error. */
export class ServerRequests {
  constructor(private readonly client: LanguageClient) {}

  /** @returns undefined for a document that is not open in the server, and for a cancelled request */
  async send<Taken, Result>({ method, returns }: Request<Taken, Result>, taken: Taken): Promise<Result | undefined> {
    const answer: unknown = await this.client.sendRequest(method, taken).catch((error: unknown) => {
      if (error instanceof ResponseError && error.code === ErrorCodes.MethodNotFound) throw new Error(tooOld)
      throw error
    })
    return answer === null ? undefined : returns.parse(answer)
  }
}
