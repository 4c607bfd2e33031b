/**
 * npm run test:package: packs wsban and uses it as a stranger would, in empty folders, on several versions of Node.
 * Needs the npm registry, for wsban's dependencies and for the other versions of Node.
 */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeOf, run } from './other_nodes.mjs'
import { prepare, root } from './prepare.mjs'

const versions = process.argv.length > 2 ? process.argv.slice(2) : ['20', '22', '24']

/** A program that uses the package. */
const program = `
import { check, load } from 'wsban'
const { ok, model } = check('birds/model.wsban')
if (!ok) throw new Error('the template has errors')
const trained = await load('model.onnx')
const [answer] = await trained.predict([process.argv[2]], { top: 1 })
await trained.close()
console.log(model.name, process.version, answer.classes[0].name)
`

await prepare()
const work = await mkdtemp(join(tmpdir(), 'wsban package '))
try {
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', work], root)
  const [name] = (await readdir(work)).filter((file) => file.endsWith('.tgz'))
  const tarball = join(work, name)
  console.log(`${name}: ${((await stat(tarball)).size / 1e6).toFixed(1)} MB`)
  await tryGlobally(tarball, join(work, 'global'))
  for (const version of versions) await tryOn(version, tarball, join(work, `node ${version}`))
} finally {
  await rm(work, { recursive: true, force: true })
}

/** As the README says: the tarball for all projects, then one command. */
async function tryGlobally(tarball, prefix) {
  await mkdir(prefix)
  await run(
    'npm',
    ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', '--loglevel=error', tarball],
    prefix,
  )
  const wsban = (...args) => run(join(prefix, ...(process.platform === 'win32' ? [] : ['bin']), 'wsban'), args, prefix)
  await wsban('data', 'sample', '-o', 'birds')
  const made = await wsban('make', 'birds', '--model', 'wsban_tiny', '--set', 'size=32', '--epochs', '1')
  console.log(`installed for all projects: ${made.trim().split('\n').at(-5)}`)
}

async function tryOn(version, tarball, folder) {
  await mkdir(folder)
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['install', ...quiet, tarball], folder)
  console.log(`node ${version}: wsban and what it needs take ${await megabytes(join(folder, 'node_modules'))} MB`)
  const node = await nodeOf(version, folder)
  const wsban = (...args) =>
    run(node, [join(folder, 'node_modules', 'wsban', 'dist', 'cli', 'main.js'), ...args], folder)
  const began = performance.now()
  for (let round = 0; round < 5; round++) await wsban('--help')
  console.log(`node ${version}: wsban --help in ${((performance.now() - began) / 5).toFixed(0)} ms`)
  await wsban('init', 'birds', '--template', 'wsban')
  await wsban('data', 'sample', '-o', 'images')
  await wsban('train', 'birds/model.wsban', '--data', 'images', '-o', 'run', '--epochs', '1', '--set', 'size=32')
  await wsban('export', 'run', '-o', 'model.onnx')
  await writeFile(join(folder, 'program.js'), program)
  const [species] = await readdir(join(folder, 'images', 'val'))
  const [image] = await readdir(join(folder, 'images', 'val', species))
  const said = await run(node, ['program.js', join('images', 'val', species, image)], folder)
  console.log(`node ${version}: ${said.trim()}`)
}

async function megabytes(folder) {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath ?? entry.path, entry.name))).size
  return (bytes / 1e6).toFixed(0)
}
