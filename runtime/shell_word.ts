/** Returns a path or a name as a word of a shell's command, quoted where it has to be: for commands that people copy. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
