/** Resolves on Ctrl-C, a closed terminal, or a scheduler that ends the job. A second Ctrl-C exits immediately. */
export function stopAsked(): Promise<void> {
  let asked = false
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (asked && signal !== 'SIGHUP') process.exit(130)
        asked = true
        settle()
      })
  })
}
