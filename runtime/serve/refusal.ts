/** A request that is refused: the status and the message of the response. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'Refusal'
  }
}

/** The status for a client that closed the connection, used in logs and metrics only; the convention of nginx. */
export const clientClosed = 499
