import { programHost } from '../../../runtime/api/compile.js'
import type { EngineName } from '../../../runtime/engines/index.js'
import { RunFolder } from '../../../runtime/runs/folder.js'
import { StudioServer } from '../../../runtime/studio/server.js'
import { Studio, type StudioOptions } from '../../../runtime/studio/studio.js'
import type { Io } from '../../io.js'
import { stopAsked } from '../../stop_asked.js'

/**
 * `wsban studio`: serves a page that shows runs, until Ctrl-C; training that it started is stopped first, with a checkpoint.
 *
 * @param shown the runs, and training to begin; those of the working folder when empty
 */
export async function openStudio(
  shown: Pick<StudioOptions, 'runs' | 'training'>,
  { port, engine }: { readonly port: number; readonly engine?: EngineName },
  io: Io,
): Promise<number> {
  // An argument that is not a run is an error before the page is served.
  for (const path of shown.runs ?? []) await RunFolder.open(path)
  const asked = stopAsked()
  const studio = await Studio.open({
    ...shown,
    command: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
    ...(engine && { engine }),
    host: programHost(io.reporter),
  })
  try {
    const server = await StudioServer.open(studio, port, io.reporter)
    io.print(`studio: ${server.address}`)
    io.json({ ok: true, address: server.address })
    io.reporter.say('open the address in a browser of this machine; Ctrl-C ends')
    await asked
    await server.close()
  } finally {
    await studio.close()
  }
  return 130
}
