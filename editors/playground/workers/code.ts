import { ts } from 'ts-morph'
import { present } from '../../../grammar/present.js'
import { expand } from '../../../runtime/compiler_api/check.js'
import { compile } from '../../../runtime/compiler_api/compile.js'
import { answerRequests } from './answering.js'
import type { CodeRequests } from './code_requests.js'

/** The modules of a model, each after those that it imports. */
const imported = ['parameters.ts', 'model.ts']

answerRequests<CodeRequests>({
  async files({ spec, target }) {
    if (target === 'expanded') {
      const { text } = expand(spec)
      if (text === undefined) throw new Error('the model has errors')
      return [{ path: spec.name, text }]
    }
    const { files } = await compile(spec, { target })
    const ending = target === 'tfjs' ? '.ts' : '.py'
    return files.filter(({ path }) => path.endsWith(ending))
  },
  async modules({ spec, set }) {
    const { files, diagnostics } = await compile(spec, { target: 'tfjs', set })
    const [problem] = diagnostics.filter(({ severity }) => severity === 'error')
    if (problem) throw new Error(problem.message)
    const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS }
    return imported.map((name) => {
      const { path, text } = present(
        files.find(({ path }) => path === name),
        name,
      )
      return { path, text: ts.transpileModule(text, { compilerOptions: options }).outputText }
    })
  },
})
