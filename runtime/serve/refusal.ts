/** A request that is not answered as asked: the status and the message that its sender gets. */
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

/** The status for a client that closed the connection, which no client sees: the convention of nginx. */
export const clientClosed = 499
