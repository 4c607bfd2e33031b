import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { writeProject } from '../../runtime/projects/project.js'
import { type TemplateName, templates } from '../../runtime/projects/templates.js'
import type { Io } from '../io.js'

export interface InitRequest {
  readonly template?: TemplateName
  readonly data?: string
}

export async function initProject(folder: string, { template, data }: InitRequest, io: Io): Promise<number> {
  const chosen = template ?? (await askedFor()) ?? 'wsban'
  const { files, left, model, reasons } = await writeProject({
    folder,
    template: chosen,
    ...(data !== undefined && { data }),
  })
  for (const reason of reasons) io.print(reason)
  io.print(`wrote ${files.join(', ')}, begun as models/${model}.wsban`)
  if (left.length > 0) io.print(`left unchanged: ${left.join(', ')}`)
  io.print(`next: ${join(folder, 'README.md')} has the commands`)
  io.json({ ok: true, files, left, template: chosen, model, reasons })
  return 0
}

/** At a terminal the user is asked; elsewhere there is no one to answer. */
async function askedFor(): Promise<TemplateName | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  const lines = templates.map(({ name, summary }, index) => `  ${index + 1}  ${name.padEnd(9)} ${summary}`)
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    process.stderr.write(`Which model?\n${lines.join('\n')}\n`)
    for (;;) {
      const given = (await terminal.question('number or name (1): ')).trim() || '1'
      const found = templates.find(({ name }, index) => given === name || given === String(index + 1))
      if (found) return found.name
    }
  } finally {
    terminal.close()
  }
}
