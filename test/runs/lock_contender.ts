/**
 * Acquires a lock repeatedly, and each time abandons it as a crashed process would. Prints `both` whenever another process held the lock at the same
 * time, and at the end the number of acquisitions.
 *
 *   node --import=tsx test/runs/lock_contender.ts FILE TIMES
 */
import { open, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { tryLock } from '../../runtime/lock.js'

const [file = '', times = '0'] = process.argv.slice(2)
let had = 0
for (let token = 0; had < Number(times); ) {
  if (!('release' in (await tryLock(file)))) {
    await new Promise((settle) => setImmediate(settle))
    continue
  }
  const inside = await open(`${file}.inside`, 'wx').catch(() => undefined)
  if (!inside) console.log('both')
  await inside?.close()
  had++
  await rm(`${file}.inside`, { force: true })
  // No process has the largest number there is.
  const dead = { process: 2 ** 22 + 1, host: hostname(), token: `${process.pid} ${token++}` }
  await writeFile(`${file}.${process.pid}`, JSON.stringify(dead))
  await rename(`${file}.${process.pid}`, file)
}
console.log(`had ${had}`)
process.exit()
