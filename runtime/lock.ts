import { createHash, randomBytes } from 'node:crypto'
import { readFileSync, rmSync } from 'node:fs'
import { link, lstat, open, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import * as z from 'zod'
import { hasCode, makeFolder, temporaryBeside } from './files.js'

/** `began` tells a process from a later one with the same number; only Linux reports it. `token` differs for each lock taken. */
const holderFile = z.object({
  process: z.number(),
  host: z.string(),
  began: z.string().optional(),
  token: z.string().optional(),
})

/** A holder on another machine touches its lock this often; one that has not for much longer is presumed dead. */
const heartbeatSeconds = 5
const deadAfterSeconds = 60

export interface Lock {
  release(): Promise<void>
}

interface Busy {
  readonly holder: string
}

/** Does the work while no other process does work under the same lock file. A lock left by a process that died is taken over. */
export async function withLock<T>(file: string, onWait: (holder: string) => void, work: () => Promise<T>): Promise<T> {
  let reported = false
  for (;;) {
    const taken = await tryLock(file)
    if ('release' in taken) {
      try {
        return await work()
      } finally {
        await taken.release()
      }
    }
    if (!reported) onWait(taken.holder)
    reported = true
    await pause(500)
  }
}

/** Takes the lock, or returns who has it. The lock is also released when the process exits. @throws the system's error where no file can be made */
export async function tryLock(file: string): Promise<Lock | Busy> {
  await makeFolder(dirname(file))
  const taken = await acquire(file)
  if ('holder' in taken) return taken
  const beat = setInterval(() => {
    const now = new Date()
    utimes(file, now, now).catch(() => {})
  }, heartbeatSeconds * 1000)
  beat.unref()
  const onExit = () => {
    if (readSync(file) === taken.text) rmSync(file, { force: true })
  }
  process.once('exit', onExit)
  return {
    async release() {
      clearInterval(beat)
      process.off('exit', onExit)
      await remove(file, taken.text)
    },
  }
}

/** Returns the process that holds a lock; undefined if none does. @throws Error for what is not a file */
export async function lockHolder(file: string): Promise<string | undefined> {
  const found = await inspect(file)
  return found.state === 'held' ? found.holder : undefined
}

/**
 * Creates the lock file, or takes over one whose holder died. Removing a stale file and creating a new one would be two steps, between which
 * a third process may lock; so a stale lock is only ever replaced, by a rename, and only by the holder of a second lock whose name comes
 * from the stale one's content. That one may be stale as well, and is taken over in the same way.
 */
async function acquire(file: string): Promise<{ readonly text: string } | Busy> {
  for (;;) {
    const found = await inspect(file)
    if (found.state === 'held') return found
    const text = ownText()
    if (found.state === 'none') {
      if (await create(file, text)) return { text }
      continue
    }
    const claimFile = `${file}.${createHash('sha256').update(found.text).digest('hex').slice(0, 16)}`
    const claim = await acquire(claimFile)
    if ('holder' in claim) return claim
    try {
      const now = await inspect(file)
      if (now.state === 'dead' && now.text === found.text) {
        await replace(file, text)
        return { text }
      }
    } finally {
      await remove(claimFile, claim.text)
    }
  }
}

function ownText(): string {
  const began = beginning(process.pid)
  const token = randomBytes(8).toString('hex')
  return JSON.stringify({ process: process.pid, host: hostname(), ...(began && { began }), token })
}

/** The file appears with its content, where the file system has hard links. Returns false where there is one already. */
async function create(file: string, text: string): Promise<boolean> {
  const temporary = temporaryBeside(file)
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await link(temporary, file)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    if (hasCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) return createWithoutLinks(file, text)
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function createWithoutLinks(file: string, text: string): Promise<boolean> {
  const lock = await open(file, 'wx').catch((error: unknown) => {
    if (hasCode(error, 'EEXIST')) return undefined
    throw error
  })
  if (!lock) return false
  try {
    await lock.writeFile(text)
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await lock.close()
  }
  return true
}

async function replace(file: string, text: string): Promise<void> {
  const temporary = temporaryBeside(file)
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, file)
  } finally {
    await rm(temporary, { force: true })
  }
}

/** Only if it is still the one with that content: another process may have presumed this one dead. */
async function remove(file: string, text: string): Promise<void> {
  if (readSync(file) === text) await rm(file, { force: true })
}

function readSync(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

type Inspected = { readonly state: 'none' } | ({ readonly state: 'held' } & Busy) | { state: 'dead'; text: string }

async function inspect(file: string): Promise<Inspected> {
  try {
    const status = await lstat(file)
    if (!status.isFile()) throw new Error(`${file} is not a file`)
    const old = Date.now() - status.mtimeMs > deadAfterSeconds * 1000
    const text = await readFile(file, 'utf8')
    const holder = holderIn(text, old)
    return holder === undefined ? { state: 'dead', text } : { state: 'held', holder }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { state: 'none' }
    throw error
  }
}

/** Whether a file's content is that of a lock. */
export function isLock(text: string): boolean {
  return parsed(text) !== undefined
}

/** The holder of a lock with this content; undefined if it is no longer held. */
function holderIn(text: string, old: boolean): string | undefined {
  // Without hard links a lock is empty between its creation and its first write. After a power failure it may be, or hold zeros.
  if (/^\0*$/.test(text)) return old ? undefined : 'a process that just began'
  const found = parsed(text)
  if (!found) return 'something that wrote another kind of lock'
  const { process: id, host, began } = found
  if (host !== hostname()) return old ? undefined : `process ${id} on ${host}`
  return isAlive(id, began) ? `process ${id}` : undefined
}

function parsed(text: string): z.infer<typeof holderFile> | undefined {
  try {
    return holderFile.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Whether a process of this machine runs. Without `began` a later process with the same number counts, too, but not this one. */
export function isAlive(id: number, began?: string): boolean {
  const now = beginning(id)
  if (began !== undefined && now !== undefined) return began === now
  if (id === process.pid || now === 'ended') return false
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    return hasCode(error, 'EPERM')
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
