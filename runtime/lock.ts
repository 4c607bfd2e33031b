import { readFileSync } from 'node:fs'
import { open, readFile, rm, stat, utimes } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { makeFolder } from './files.js'

/** `began` tells a process from a later one with the same number; only Linux says it. */
const holderFile = z.object({ process: z.number(), host: z.string(), began: z.string().optional() })

/** A holder on another machine touches its lock this often; one that has not for much longer is taken for dead. */
const heartbeatSeconds = 5
const deadAfterSeconds = 60

export interface Lock {
  release(): Promise<void>
}

/** Does the work while no other process does work under the same lock file. A lock left by a process that died is taken over. */
export async function withLock<T>(file: string, onWait: (holder: string) => void, work: () => Promise<T>): Promise<T> {
  let told = false
  for (;;) {
    const taken = await tryLock(file)
    if ('release' in taken) {
      try {
        return await work()
      } finally {
        await taken.release()
      }
    }
    if (!told) onWait(taken.holder)
    told = true
    await pause(500)
  }
}

/** Takes the lock, or says who has it. @throws the system's error where no file can be made */
export async function tryLock(file: string): Promise<Lock | { readonly holder: string }> {
  await makeFolder(dirname(file))
  while (!(await take(file))) {
    const holder = await holderOf(file)
    if (holder === 'dead') await rm(file, { force: true })
    else if (holder !== 'gone') return { holder }
  }
  const beat = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, heartbeatSeconds * 1000)
  beat.unref()
  return {
    async release() {
      clearInterval(beat)
      await rm(file, { force: true })
    },
  }
}

async function take(file: string): Promise<boolean> {
  const lock = await open(file, 'wx').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  })
  if (!lock) return false
  try {
    const began = beginning(process.pid)
    await lock.writeFile(JSON.stringify({ process: process.pid, host: hostname(), ...(began && { began }) }))
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await lock.close()
  }
  return true
}

async function holderOf(file: string): Promise<string> {
  try {
    const age = Date.now() - (await stat(file)).mtimeMs
    const old = age > deadAfterSeconds * 1000
    const text = await readFile(file, 'utf8')
    // Between its creation and its first write a lock is empty.
    if (text === '') return old ? 'dead' : 'a process that just began'
    const { process: id, host, began } = holderFile.parse(JSON.parse(text))
    if (host !== hostname()) return old ? 'dead' : `process ${id} on ${host}`
    return isAlive(id, began) ? `process ${id}` : 'dead'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'gone'
    return 'dead'
  }
}

function isAlive(id: number, began: string | undefined): boolean {
  const now = beginning(id)
  if (began !== undefined && now !== undefined) return began === now
  if (id === process.pid) return false
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** When a process began, as its machine counts (proc(5): stat, field 22). A zombie is as good as gone. */
function beginning(id: number): string | undefined {
  try {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' ? 'ended' : fields[19]
  } catch {
    return undefined
  }
}
