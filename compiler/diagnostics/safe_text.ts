/**
 * Escapes untrusted text for terminals and logs: names of files, classes and tensors, spec text, messages of libraries. Terminals interpret control
 * characters (titles, clipboard, overwriting), and build services interpret commands in logs.
 */

/** Control characters, line separators, and what changes the direction of the text after it. */
const controls = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Workflow commands: of GitHub at the start of a line, and, as of Azure, anywhere within one. */
const commands = /^(\s*):(?=:)|#(?=#(?:\[|vso\[|teamcity\[))/gm

/** For a text of one line: line ends in it are shown as well. Each character stays one wide, so that columns hold. */
export function safeLine(text: string): string {
  return withoutCommands(text.replace(controls, controlPicture))
}

/** For a text of several lines of our own. A tab stays. */
export function safeText(text: string): string {
  return withoutCommands(
    text.replace(controls, (character) => (/[\t\n]/.test(character) ? character : controlPicture(character))),
  )
}

/** JSON with the same values, in which such characters are written by their numbers. */
export function safeJson(json: string): string {
  return json.replace(controls, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A workflow command of GitHub Actions, in which the characters that its syntax uses are escaped. */
export function githubCommand(
  name: string,
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const given = Object.entries(properties).map(([key, value]) => `${key}=${githubProperty(String(value))}`)
  return `::${name} ${given.join(',')}::${githubData(message)}`
}

function githubData(text: string): string {
  // Line ends have an escape of their own there.
  const shown = text.replace(controls, (character) =>
    /[\r\n]/.test(character) ? character : controlPicture(character),
  )
  return shown.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
}

function githubProperty(text: string): string {
  return githubData(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
}

function withoutCommands(text: string): string {
  return text.replace(commands, (match) => `${match}\\`)
}

/** The Unicode control picture of a control character (U+2400 and up), or the replacement character where there is none. */
function controlPicture(character: string): string {
  const code = character.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '\u2421' : '\ufffd'
}
