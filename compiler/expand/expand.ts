import { format } from '../../grammar/format.js'
import { present } from '../../grammar/present.js'
import type { Block, Input, Model, SourceFile, Span } from '../../grammar/tree.js'
import { type Library, type Module, ModuleLoader } from '../analysis/modules.js'
import { trainArguments, trainSettings } from '../training/loop.js'
import { settings } from '../training/settings.js'
import { defaulted, leftOut, written } from './defaults.js'
import { Edits } from './edits.js'
import { taken, Walk } from './walk.js'

/**
 * Returns a self-contained spec: used blocks replace imports, and every omitted argument, image step and line of the train block is written with its
 * default. It compiles to the same graph. Needs: a spec without errors.
 */
export function expand(source: string, text: string, library: Library): string {
  return new Expander(new ModuleLoader(library)).expand(source, text)
}

class Expander {
  private readonly edits = new Edits()
  /** Blocks of the result in the order in which they stand, with their names. */
  private readonly names = new Map<Block, string>()
  private readonly done: Block[] = []
  private readonly modules = new Map<Block, Module>()

  constructor(private readonly loader: ModuleLoader) {}

  expand(source: string, text: string): string {
    const module = this.loader.load(source, text)
    const { file } = module
    // A block of the file itself keeps its name.
    for (const block of file.blocks) this.names.set(block, block.name.text)
    const [model] = file.models
    if (model) this.model(model, module)
    else for (const block of file.blocks) this.use(block, module)
    const parts = [
      ...headOf(file),
      ...this.done.map((block) => this.blockText(block)),
      ...(model ? [this.withComments(module.file, model.span)] : []),
    ]
    return format(source, `${parts.join('\n\n')}\n`).text
  }

  /** Writes a block and those it uses into the result, once; gives its name there. */
  private readonly use = (block: Block, from: Module): string => {
    const known = this.modules.has(block)
    const name = this.names.get(block) ?? this.freeName(block)
    this.names.set(block, name)
    if (known) return name
    const module = this.moduleOf(block, from)
    this.modules.set(block, module)
    if (name !== block.name.text) this.edits.replace(block.name.span, name)
    this.walk(module).block(block)
    this.done.push(block)
    return name
  }

  private walk(module: Module): Walk {
    const use = (block: Block) => this.use(block, module)
    const useBackbone = (name: string) => {
      const definition = this.loader.backbone(name, module.file.source)?.definition
      return definition?.kind === 'block' ? { block: definition, name: use(definition) } : undefined
    }
    return new Walk({ module, edits: this.edits, use, useBackbone })
  }

  private moduleOf(block: Block, from: Module): Module {
    const source = block.name.span.source
    return source === from.file.source
      ? from
      : this.loader.load(source, present(this.loader.texts().get(source), source))
  }

  /** Two files may each have a `conv_bn`: the second is called after its file. */
  private freeName({ name }: Block): string {
    const used = new Set(this.names.values())
    const file = /([A-Za-z_]\w*)(?:\.\w+)?$/.exec(name.span.source)?.[1] ?? 'other'
    let free = name.text
    for (let number = 1; used.has(free) || taken(free); number++)
      free = `${file}_${name.text}${number === 1 ? '' : `_${number}`}`
    return free
  }

  private model(model: Model, module: Module): void {
    this.walk(module).model(model)
    for (const input of model.inputs)
      if (!input.steps && input.type.text === 'Image')
        this.edits.insert(input.span.source, input.span.end, ` { ${steps(module.file.text, input)} }`)
      else if (input.steps && input.type.text === 'Image' && !input.steps.some((step) => nameOf(step) === 'normalize'))
        this.appendStep(input, standard('normalize'))
    this.training(model)
  }

  /** Behind the last image step, which a comma may follow. */
  private appendStep({ steps: list = [], span }: Input, step: string): void {
    const last = list.at(-1)
    if (last) this.edits.insert(last.span.source, last.span.end, `, ${step}`)
    else this.edits.insert(span.source, span.end - 1, ` ${step} `)
  }

  /** The lines that the train block leaves out. */
  private training(model: Model): void {
    const said = new Set(model.training.map(({ name }) => name.text))
    // A sampler decides the size of a batch.
    const decided = said.has('sampler') ? ['batch'] : []
    const plain = trainArguments
      .filter(({ name }) => !said.has(name) && !decided.includes(name))
      .map((spec) => `${spec.name} = ${written(spec)}`)
    const calls = Object.entries(trainSettings).flatMap(([name, setting]) =>
      said.has(name) || setting.standard === undefined ? [] : [`${name} = ${standard(setting.standard)}`],
    )
    const lines = [...plain, ...calls]
    if (lines.length === 0) return
    const { source, end } = model.span
    const last = model.training.at(-1)?.span.end
    const [augmentation] = model.augmentations
    if (last !== undefined) this.edits.insert(source, last, `\n${lines.join('\n')}`)
    else if (augmentation) this.edits.insert(source, augmentation.span.start, `${lines.join('\n')}\n`)
    else this.edits.insert(source, end - 1, `\ntrain {\n${lines.join('\n')}\n}\n`)
  }

  private blockText(block: Block): string {
    return this.withComments(present(this.modules.get(block), 'the module of a block').file, block.span)
  }

  private withComments(file: SourceFile, span: Span): string {
    const before =
      span.start === firstDeclaration(file) ? ownComments(file, span.start) : commentsBefore(file, span.start)
    return [...before, this.edits.apply(span, file.text)].join('\n')
  }
}

/** Where the first import, block or model begins. */
function firstDeclaration({ imports, blocks, models }: SourceFile): number {
  return Math.min(...[...imports, ...blocks, ...models].map(({ span }) => span.start))
}

/** The comments at the beginning of the file, without those right above its first block. */
function headOf(file: SourceFile): string[] {
  const first = firstDeclaration(file)
  const all = commentsBefore(file, first)
  return all.slice(0, all.length - ownComments(file, first).length)
}

/** The comments right above a block, where it is the first declaration. */
function ownComments(file: SourceFile, place: number): string[] {
  if (!file.blocks.some(({ span }) => span.start === place)) return []
  const own: string[] = []
  let end = place
  for (const { span, text } of file.comments.filter((comment) => comment.span.end <= place).reverse()) {
    if (!/^[^\S\n]*\n?[^\S\n]*$/.test(file.text.slice(span.end, end))) break
    own.unshift(text)
    end = span.start
  }
  return own
}

/** The comments between the declaration that ends before a place and the place. */
function commentsBefore({ imports, blocks, models, comments }: SourceFile, place: number): string[] {
  const ends = [...imports, ...blocks, ...models].map(({ span }) => span.end).filter((end) => end <= place)
  const from = Math.max(0, ...ends)
  return comments.filter(({ span }) => span.start >= from && span.end <= place).map(({ text }) => text)
}

/** `resize(size), normalize(...)`: what is done to images when nothing is said. */
function steps(text: string, { dimensions }: Model['inputs'][number]): string {
  const size = dimensions.at(-1)?.span
  return `${standard('resize', size && text.slice(size.start, size.end))}, ${standard('normalize')}`
}

/** A setting with every argument. */
function standard(name: string, size?: string): string {
  const rest = leftOut(defaulted(present(settings.get(name), name).arguments), [], size === undefined ? 0 : 1)
  return `${name}(${[...(size === undefined ? [] : [size]), ...rest].join(', ')})`
}

function nameOf(step: NonNullable<Model['inputs'][number]['steps']>[number]): string | undefined {
  const callee = step.kind === 'call' ? step.callee : step
  return callee.kind === 'name' ? callee.text : undefined
}
