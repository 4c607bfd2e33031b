import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { writeProject } from '../../runtime/projects/project.js'
import { type TemplateName, templates } from '../../runtime/projects/templates.js'
import type { Io } from '../io.js'
import { ask, select } from '../prompts.js'

export interface InitRequest {
  readonly template?: TemplateName
  readonly data?: string
}

/** @param given the project's folder; asked for at a terminal, this folder elsewhere */
export async function initProject(given: string | undefined, request: InitRequest, io: Io): Promise<number> {
  const asked = io.canAsk()
  const data = request.data ?? (asked && request.template === undefined ? await photosAsked() : undefined)
  const chosen = request.template ?? (asked ? await templateAsked() : 'wsban')
  const folder = given ?? (asked ? await folderAsked() : '.')
  const { files, left, model, reasons } = await writeProject({
    folder,
    template: chosen,
    ...(data !== undefined && { data }),
  })
  for (const reason of reasons) io.print(reason)
  io.print(`wrote ${files.join(', ')}, begun as models/${model}.wsban`)
  if (left.length > 0) io.print(`left unchanged: ${left.join(', ')}`)
  io.next(`${join(folder, 'README.md')} has the commands`)
  io.json({ ok: true, files, left, template: chosen, model, reasons })
  return 0
}

/** Undefined for none: the project then uses the sample birds. */
async function photosAsked(): Promise<string | undefined> {
  const given = await ask('Where are your photos? A folder with a folder for each class, or a list', {
    placeholder: 'nothing for the sample birds',
    problem: (path) => (path === '' || existsSync(path) ? undefined : `there is no ${path}`),
  })
  return given === '' ? undefined : given
}

function templateAsked(): Promise<TemplateName> {
  return select(
    'Which model?',
    templates.map(({ name, summary }) => ({ value: name, label: `${name.padEnd(13)} ${summary}` })),
  )
}

function folderAsked(): Promise<string> {
  return ask('The folder of the project', {
    initial: 'model',
    problem: (path) => (existsSync(path) && !statSync(path).isDirectory() ? `${path} is a file` : undefined),
  })
}
