import type { CompileTimeFunction } from './function.js'

/** Returns the documentation of a function in Markdown. */
export function functionPage({ name, summary, example, parameters, makesWeights }: CompileTimeFunction): string {
  const signature = `\`${name}(${parameters.map((parameter) => parameter.name).join(', ')})\``
  const list = parameters.map(
    (parameter) => `- \`${parameter.name}\`${parameter.optional ? ' (can be left out)' : ''}: ${parameter.meaning}`,
  )
  const text = makesWeights ? summary : `${summary} It is evaluated when the model is compiled.`
  return [signature, text, list.join('\n'), `\`\`\`wsban\n${example}\n\`\`\``].join('\n\n')
}
