const waiting: (() => void)[] = []
const channel = new MessageChannel()
channel.port1.onmessage = () => waiting.shift()?.()

/** Node's setImmediate for browsers, which lack a way to process pending messages without a delay. */
export function setImmediate(callback: () => void): void {
  waiting.push(callback)
  channel.port2.postMessage(undefined)
}
