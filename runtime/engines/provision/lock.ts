import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'

const holder = z.object({ process: z.number(), host: z.string() })

/** A holder that lives touches its lock this often; one that has not for much longer is taken for dead. */
const heartbeatSeconds = 5
const deadAfterSeconds = 60

/** Does the work while no other process does work under the same lock file. A lock left by a process that died is taken over. */
export async function withLock<T>(file: string, onWait: (holder: string) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  let told = false
  while (!(await take(file))) {
    const other = await holderOf(file)
    if (other === 'gone') continue
    if (other === 'dead') {
      await rm(file, { force: true })
      continue
    }
    if (!told) onWait(other)
    told = true
    await pause(500)
  }
  const beat = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, heartbeatSeconds * 1000)
  beat.unref()
  try {
    return await work()
  } finally {
    clearInterval(beat)
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const lock = await open(file, 'wx')
    await lock.writeFile(JSON.stringify({ process: process.pid, host: hostname() }))
    await lock.close()
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  }
}

async function holderOf(file: string): Promise<string> {
  try {
    const age = Date.now() - (await stat(file)).mtimeMs
    if (age > deadAfterSeconds * 1000) return 'dead'
    const text = await readFile(file, 'utf8')
    // Between its creation and its first write a lock is empty.
    if (text === '') return 'a process that just began'
    const { process: id, host } = holder.parse(JSON.parse(text))
    if (host === hostname() && (id === process.pid || !isAlive(id))) return 'dead'
    return `process ${id}`
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'gone'
    return 'dead'
  }
}

function isAlive(id: number): boolean {
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
