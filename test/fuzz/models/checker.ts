import { join } from 'node:path'
import * as z from 'zod'
import { Random } from '../../../compiler/random.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { LineProcess } from '../../support/line_process.js'
import { ModelGenerator } from './generate.js'

const checked = z.object({
  compiled: z.boolean(),
  findings: z.array(z.object({ kind: z.string(), detail: z.string() })),
  text: z.string(),
})

/** A process that checks models, restarted after each crash. */
export class Checker {
  private process: LineProcess | undefined

  /** @param python one that has PyTorch */
  constructor(
    private readonly engines: readonly EngineName[],
    private readonly python: string | undefined,
  ) {}

  /** Checks a spec, or the model that the generator makes from the seed; a crash is a finding of the kind `crash`. */
  async check(seed: number, text?: string): Promise<z.infer<typeof checked>> {
    const args = ['--import=tsx', join(import.meta.dirname, 'worker.ts'), this.engines.join(',')]
    this.process ??= new LineProcess({
      program: process.execPath,
      args: [...args, ...(this.python === undefined ? [] : [this.python])],
    })
    const reply = await this.process.ask({ seed, text })
    if ('answer' in reply) return checked.parse(reply.answer)
    this.process = undefined
    return {
      compiled: true,
      findings: [{ kind: 'crash', detail: `the process ended (${reply.ended})` }],
      text: text ?? new ModelGenerator(new Random(seed)).model(),
    }
  }

  async close(): Promise<void> {
    await this.process?.close()
    this.process = undefined
  }
}
