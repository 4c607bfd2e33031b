import { spawn } from 'node:child_process'

/** Runs a program to its end, its output passed through. Gives its exit code (128 and more: a signal ended it). */
export function run(program, args, options = {}) {
  return new Promise((settle, fail) => {
    const child = spawn(program, args, { stdio: 'inherit', ...options })
    child.on('error', fail)
    child.on('close', (status, signal) => settle(status ?? (signal === 'SIGINT' ? 130 : 128)))
  })
}

/** Runs a program to its end and gives what it wrote to standard output; what it says on the way is passed through. */
export function capture(program, args, options = {}) {
  return new Promise((settle, fail) => {
    let output = ''
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options })
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output += text
    })
    child.on('error', fail)
    child.on('close', (status, signal) => settle({ status: status ?? (signal === 'SIGINT' ? 130 : 128), output }))
  })
}

/** How npm is run: with this Node if npm_execpath names npm's script, by its name otherwise. */
export function npm() {
  const script = process.env.npm_execpath
  if (script !== undefined && /npm-cli\.c?js$/.test(script)) return { program: process.execPath, first: [script] }
  return process.platform === 'win32' ? { program: 'npm.cmd', first: [], shell: true } : { program: 'npm', first: [] }
}
