import { emitPytorch } from '../../compiler/targets/pytorch/emit.js'
import { emitTfjs } from '../../compiler/targets/tfjs/emit.js'
import { provide } from './parts.js'

provide({ code: { tfjs: emitTfjs, pytorch: emitPytorch } })
