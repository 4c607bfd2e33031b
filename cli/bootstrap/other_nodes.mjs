import { spawn } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The Node of that major version or tag: this one, or one from the registry. */
export async function nodeOf(version, folder) {
  if (process.versions.node.split('.')[0] === version) return process.execPath
  const place = join(folder, 'node')
  await mkdir(place)
  await writeFile(join(place, 'package.json'), JSON.stringify({ private: true }))
  // Its install script lays the program in its place: it is the one script that is wanted here.
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `node@${version}`], place)
  return join(place, 'node_modules', 'node', 'bin', 'node')
}

/** Resolves with its output; rejects with all of it if the command fails. */
export function run(command, args, cwd) {
  return new Promise((settle, fail) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    let [output, errors] = ['', '']
    child.stdout.on('data', (piece) => {
      output += piece
    })
    child.stderr.on('data', (piece) => {
      errors += piece
    })
    child.on('error', fail)
    child.on('close', (status) => {
      if (status === 0) return settle(output)
      fail(new Error(`${[command, ...args].join(' ')} ended with ${status}:\n${(output + errors).slice(-4000)}`))
    })
  })
}
