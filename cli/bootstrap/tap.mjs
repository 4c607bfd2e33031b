/** Counts the tests in TAP as it comes, and passes on what a person wants to see: failures with their details, and what is no test at all. */
export class TapCounter {
  passed = 0
  failed = 0
  skipped = 0
  #rest = ''
  #show = false
  #since = performance.now()

  /** @param {(line: string) => void} print */
  constructor(print) {
    this.print = print
  }

  read(text) {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
  }

  end() {
    if (this.#rest !== '') this.#line(this.#rest)
    this.#rest = ''
  }

  #line(line) {
    const test = /^(not )?ok \d+(?: - (.*))?$/.exec(line)
    if (test) {
      const skipped = / # (SKIP|TODO)\b/i.test(line)
      // A file that holds no tests, or could not be loaded, is reported as a failed one, too.
      if (skipped) this.skipped++
      else if (test[1]) this.failed++
      else this.passed++
      this.#show = test[1] !== undefined && !skipped
      if (this.#show) this.print(line)
      else if (performance.now() - this.#since > 10_000) {
        this.#since = performance.now()
        this.print(`  ${this.passed} passed so far`)
      }
      return
    }
    if (/^(TAP version|\d+\.\.\d+|# )/.test(line)) return
    if (this.#show || /^Bail out!/.test(line)) this.print(line)
  }
}
