/**
 * Runs a recursion over untrusted text. The nesting limit keeps it well within a default stack, but a host may use a smaller stack, or call it from a
 * deep call stack: then the result of `exhausted` is returned instead.
 */
export function withinStack<Result>(recurse: () => Result, exhausted: () => Result): Result {
  try {
    return recurse()
  } catch (error) {
    if (isStackOverflow(error)) return exhausted()
    throw error
  }
}

/** V8 and JavaScriptCore throw a RangeError, SpiderMonkey an InternalError; all other RangeErrors have other messages. */
export function isStackOverflow(error: unknown): boolean {
  return error instanceof Error && /^(?:Maximum call stack size exceeded|too much recursion)/.test(error.message)
}
