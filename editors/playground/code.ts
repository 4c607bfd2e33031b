import { compile } from '../../runtime/compiler_api/compile.js'
import { provide } from './parts.js'

provide({ code: { compile } })
