const waiting: (() => void)[] = []
const channel = new MessageChannel()
channel.port1.onmessage = () => waiting.shift()?.()

/** Node's setImmediate in a browser, which has nothing of its own that lets messages in without a pause. */
export function setImmediate(callback: () => void): void {
  waiting.push(callback)
  channel.port2.postMessage(undefined)
}
