import { existsSync } from 'node:fs'
import { basename, join, relative, resolve } from 'node:path'
import { openDataSet } from '../data/open.js'
import { Failure } from '../failure.js'
import { makeFolder, writeAtomically } from '../files.js'
import { standardFolder } from '../specs/library.js'
import { readSpec } from '../specs/spec_file.js'
import { summarizeData } from './data_summary.js'
import { ownModel } from './model_text.js'
import { propose } from './proposal.js'
import { readmeOf } from './readme.js'
import { type TemplateName, templates } from './templates.js'

export interface ProjectRequest {
  readonly folder: string
  readonly template: TemplateName
  /** The images to train on. */
  readonly data?: string
}

export interface Project {
  readonly files: readonly string[]
  /** Existing files, left unchanged. */
  readonly left: readonly string[]
  /** The model of wsban on which the spec is based. */
  readonly model: string
  /** Findings about the data, and their consequences. */
  readonly reasons: readonly string[]
}

/**
 * A new project: a model that trains, a package.json with the commands, a README, a .gitignore. Existing files are never overwritten.
 *
 * @throws Failure `file-exists`, `no-images`, `cannot-write`, and what is wrong with the data set
 */
export async function writeProject({ folder, template: name, data }: ProjectRequest): Promise<Project> {
  const template = templates.find((one) => one.name === name)
  if (!template) throw new Error(`no template ${name}`)
  const target = (file: string) => join(folder, file)
  refuseToOverwrite(target('model.wsban'))
  const seen = data === undefined ? undefined : await summarizeData(await openDataSet(data, { seed: 1 }), data)
  const { model, reasons, settings, training } = seen
    ? propose(template, seen)
    : { model: template.small, reasons: [], settings: {}, training: {} }
  const title = basename(resolve(folder))
  const images = data === undefined ? 'birds' : relative(folder, data) || '.'
  const text = ownModel(readSpec(join(standardFolder(), `${model}.wsban`)), {
    name: title,
    settings,
    training,
    comment: [`${template.name}: ${template.summary}.`, `Begun as wsban's models/${model}.wsban.`, ...reasons],
  })
  const files: readonly (readonly [path: string, text: string])[] = [
    [target('model.wsban'), text],
    [target('package.json'), packageFile(images, data === undefined)],
    [target('README.md'), readmeOf({ title, images, sample: data === undefined })],
    [target('.gitignore'), 'node_modules/\nruns/\nbirds/\npage/\n*.onnx\n'],
  ]
  await makeFolder(folder)
  const left = files.filter(([path]) => existsSync(path)).map(([path]) => path)
  const written = files.filter(([path]) => !left.includes(path))
  for (const [path, content] of written) await writeAtomically(path, content)
  return { files: written.map(([path]) => path), left, model, reasons }
}

function refuseToOverwrite(there: string): void {
  if (!existsSync(there)) return
  throw new Failure({
    code: 'file-exists',
    message: `${there} exists, and existing files are not overwritten`,
    help: 'name a new folder: wsban init my-project',
    path: there,
    exit: 2,
  })
}

function packageFile(images: string, sample: boolean): string {
  // npm runs scripts in a shell, whose quoting differs between systems, so a path that needs quoting is not written here.
  const plain = /^[\w./-]+$/.test(images)
  const scripts = {
    ...(sample && { data: 'wsban data sample -o birds' }),
    check: 'wsban check model.wsban',
    ...(plain && { train: `wsban train model.wsban --data ${images}` }),
    report: 'wsban report',
    export: 'wsban export --page page',
  }
  const content = { private: true, scripts }
  return `${JSON.stringify(content, undefined, 2)}\n`
}
