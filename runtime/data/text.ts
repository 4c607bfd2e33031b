import { readFile } from 'node:fs/promises'
import { Failure, reasonOf } from '../failure.js'

/** A problem with a line of a user's file. */
export function brokenLine(path: string, line: number, reason: string, help?: string): Failure {
  return new Failure({
    code: 'list-broken',
    message: `${path}, line ${line}: ${reason}`,
    help: help ?? 'correct the line',
    path,
  })
}

/** Reads a file as UTF-8 without its byte order mark. @throws Failure `list-broken` if it is missing or not UTF-8 */
export async function readText(path: string): Promise<string> {
  const broken = (reason: string, help: string, cause?: unknown) =>
    new Failure({ code: 'list-broken', message: `cannot read ${path}: ${reason}`, help, path }, { cause })
  let bytes: Uint8Array
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw broken(reasonOf(error), 'check the file and your right to read it', error)
  }
  try {
    // A zero byte indicates UTF-16.
    if (bytes.includes(0)) throw new Error('it has zero bytes')
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw broken('its text is not UTF-8', 'save it as UTF-8', error)
  }
}

export interface Line {
  readonly line: number
  readonly text: string
}

/** The lines that hold something, without spaces around. */
export function linesOf(text: string): Line[] {
  return text
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ line: index + 1, text: line.trim() }))
    .filter((line) => line.text !== '')
}

/** A line's first word and what follows it. */
export interface KeyedLine {
  readonly line: number
  readonly rest: string
}

/**
 * A file of lines that each begin with a key: `17 002.Laysan_Albatross/Laysan_0001.jpg`.
 *
 * @throws Failure `list-broken` with the line: a key alone, or one that is there twice
 */
export async function readKeyedLines(path: string): Promise<ReadonlyMap<string, KeyedLine>> {
  const found = new Map<string, KeyedLine>()
  for (const { line, text } of linesOf(await readText(path))) {
    const [, key, rest] = /^(\S+)\s+(.*)$/.exec(text) ?? []
    if (key === undefined || rest === undefined) throw brokenLine(path, line, `${JSON.stringify(text)} stands alone`)
    const before = found.get(key)
    if (before) throw brokenLine(path, line, `${key} is in line ${before.line} already`, 'keep one of the two lines')
    found.set(key, { line, rest })
  }
  return found
}

/** Numbers with spaces between. @throws Failure `list-broken` when there are others, or fewer, than wanted */
export function numbersIn(path: string, { line, rest }: KeyedLine, count: number): number[] {
  const numbers = rest.split(/\s+/).map(Number)
  if (numbers.length === count && numbers.every(Number.isFinite)) return numbers
  throw brokenLine(path, line, `${JSON.stringify(rest)} is not ${count} numbers`)
}
