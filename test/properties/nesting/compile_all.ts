/** Compiles and formats nested texts, in a process whose stack size the caller chose. */
import { compile } from '../../../compiler/compile.js'
import { format } from '../../../grammar/format.js'
import { diskLibrary } from '../../../runtime/specs/library.js'
import { nestingTexts } from './texts.js'

const library = diskLibrary()
let reported = 0
for (const text of nestingTexts([15, 39])) {
  format('deep.wsban', text)
  if (compile({ source: 'deep.wsban', text }, library).diagnostics.length > 0) reported++
}
process.stdout.write(`${reported} texts reported\n`)
