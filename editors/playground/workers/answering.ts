import type { FromWorker, Handlers, Requests, ToWorker } from './messages.js'

/** Makes this worker handle requests. An error is returned as its message. */
export function answerRequests<All extends Requests>(handlers: Handlers<All>): void {
  const send = (message: FromWorker) => self.postMessage(message)
  self.addEventListener('message', async ({ data: { id, name, request } }: MessageEvent<ToWorker>) => {
    try {
      const handler = handlers[name]
      if (!handler) throw new Error(`there is no request ${name}`)
      send({ id, answer: await handler(request, (told) => send({ id, told })) })
    } catch (error) {
      send({ id, error: error instanceof Error ? error.message : String(error) })
    }
  })
}
