import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { defaultOpset } from '../../../compiler/targets/onnx/opsets.js'
import { defaultResize } from '../../../compiler/targets/onnx/resize_lowering.js'
import { servePage } from '../../../runtime/serve/page_files.js'
import { ServedModel } from '../../../runtime/serve/served_model.js'
import { type AnsweredRequest, ModelServer, type ServeOptions } from '../../../runtime/serve/server.js'
import { Io } from '../../io.js'
import { stopAsked } from '../../stop_asked.js'
import { exportModel } from '../export_model.js'
import { runInUse } from '../run_in_use.js'

export interface ServeCommandOptions extends ServeOptions {
  readonly threads?: number
  readonly json?: boolean
}

/**
 * `wsban serve`: answers requests until it is stopped, and then completes those in flight.
 *
 * @param given an exported file, a run or a spec; the last run here without
 */
export async function serveModel(given: string | undefined, options: ServeCommandOptions, io: Io): Promise<number> {
  const source = await runInUse(given, io)
  const asked = stopAsked()
  const served = await openModel(source, options.threads, io)
  try {
    const { json = false, host } = options
    const settings = { ...options, timeout: options.timeout * 1000 }
    const log = (request: AnsweredRequest) => io.reporter.say(json ? JSON.stringify(request) : lineOf(request))
    const server = await ModelServer.open(served, settings, await servePage(served.name), io.reporter, log)
    const { address } = server
    io.print(`serve: ${served.name} at ${address}`)
    io.json({ ok: true, address, model: served.name })
    if (!server.isLoopback && options.token === undefined)
      io.reporter.warn(`${host} is open to other machines, without authentication: --token TEXT requires a token`)
    io.reporter.say(`POST images to ${address}/predict, or open the address in a browser; Ctrl-C ends`)
    await Promise.race([asked, served.failed])
    io.reporter.say('answering what is in flight; a second Ctrl-C ends at once')
    await server.stop()
  } finally {
    await served.close()
  }
  return 0
}

/** A run and a spec are exported first: ONNX Runtime serves all. */
async function openModel(source: string, threads: number | undefined, io: Io): Promise<ServedModel> {
  const name = nameOf(source)
  if (source.endsWith('.onnx')) return ServedModel.open(source, name, io.reporter, threads)
  const folder = await mkdtemp(join(tmpdir(), 'wsban-serve-'))
  try {
    const out = join(folder, 'model.onnx')
    const defaults = { seed: 1, precision: 'fp32', maxDrop: 0.01, input: 'image', check: false } as const
    // The message is about the run, not about the temporary file.
    const step = new Io({ quiet: true }, () => {})
    await exportModel(source, { ...defaults, out, opset: defaultOpset, resize: defaultResize }, step)
    return await ServedModel.open(out, name, io.reporter, threads)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The name in addresses. */
function nameOf(source: string): string {
  const name = basename(resolve(source))
    .replace(/\.(?:onnx|wsban)$/, '')
    .replaceAll(/[^\w.-]+/g, '-')
  return /^\.*$/.test(name) ? 'model' : name
}

function lineOf({ method, path, status, milliseconds, error }: AnsweredRequest): string {
  return `${method} ${path} ${status} ${milliseconds.toFixed(0)} ms${error === undefined ? '' : ` · ${error}`}`
}
