/**
 * npm run test:bundles [NODE...]: packs wsban, bundles programs that use it with esbuild, webpack and vite, packs one as serverless platforms do, and
 * runs them where the package is not installed: under this Node, and those given by their versions. Checks the package with publint and attw.
 * Needs the npm registry, and Chromium for the bundles for browsers.
 */
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { bundlers, importedFrom } from '../../test/bundlers/bundlers.mjs'
import { nodeOf, run } from './other_nodes.mjs'
import { prepare, root } from './prepare.mjs'

const tools = [
  'esbuild@0.28.2',
  'webpack@5.113.0',
  'vite@8.4.0',
  '@vercel/nft@1.11.5',
  'publint@0.3.25',
  '@arethetypeswrong/cli@0.18.5',
  'onnxruntime-node@1.30.0',
]
const image = join(root, 'test', 'images', 'fixtures', 'formats', 'plain.heic')
/** The packages that stay outside of bundles, as docs/api.md says, with those that they need. */
const native = ['sharp', '@img', 'detect-libc', 'semver', 'onnxruntime-node', 'onnxruntime-common']
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
let failures = 0

await prepare({ engine: false })
const home = await mkdtemp(join(tmpdir(), 'wsban-bundles-'))
try {
  const work = join(home, 'work')
  const bundles = join(home, 'bundles')
  await mkdir(work)
  await mkdir(bundles)
  await writeFile(join(work, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', home], root)
  const [tarball] = (await readdir(home)).filter((file) => file.endsWith('.tgz'))
  await run('npm', ['install', ...quiet, join(home, tarball), ...tools], work)
  await cp(join(root, 'test', 'bundlers'), work, { recursive: true })

  const tool = (name, ...args) => run('npx', ['--no-install', name, ...args], work)
  await attempt('publint', () => tool('publint', join(home, tarball), '--strict'))
  // Resolution as in Node 10 and from CommonJS before require() of ES modules are left out on purpose: docs/api.md says why.
  await attempt('attw', () => tool('attw', join(home, tarball), '--profile', 'esm-only'))

  const nodes = [process.execPath]
  for (const version of process.argv.slice(2)) {
    await mkdir(join(home, version))
    nodes.push(await nodeOf(version, join(home, version)))
  }
  const expected = {
    library: withoutPackage(await run(process.execPath, ['library.mjs', image], work)),
    compiler: await run(process.execPath, ['compiler.mjs'], work),
  }
  const programs = await bundleAll(work, bundles)
  programs.push(await packed(work, join(bundles, 'packed')))

  // Elsewhere, and not even by the paths that bundlers write into the code.
  await mkdir(join(bundles, 'node_modules'))
  for (const name of native)
    await cp(join(work, 'node_modules', name), join(bundles, 'node_modules', name), { recursive: true })
  await rename(work, join(home, 'away'))
  for (const node of nodes) {
    const version = (await run(node, ['--version'], home)).trim()
    for (const { name, program, file } of programs)
      await attempt(`${program} by ${name}, Node ${version}`, async () =>
        same(await run(node, [file, image], dirname(file)), expected[program]),
      )
  }
  await inBrowser(bundles, expected.compiler.trim())
} finally {
  await rm(home, { recursive: true, force: true })
}
process.exitCode = failures > 0 ? 1 : 0

/** Returns the output expected where the package is not installed: a run cannot be opened, and all else is the same. */
function withoutPackage(output) {
  const said = JSON.parse(output)
  if (said.run !== 'works') throw new Error(`installed, a run could not be opened: ${said.run}`)
  return `${JSON.stringify({ ...said, run: 'package-files-missing' })}\n`
}

async function bundleAll(work, bundles) {
  const made = []
  for (const [name, bundle] of Object.entries(bundlers))
    for (const [program, platform] of [
      ['library', 'node'],
      ['compiler', 'node'],
      ['compiler', 'browser'],
    ]) {
      const out = join(bundles, `${name.replaceAll(/\W+/g, '_')}-${program}-${platform}`)
      await mkdir(out)
      await attempt(`${program} for ${platform}, bundled by ${name}`, async () => {
        const file = await bundle(work, `${program}.mjs`, out, platform)
        if (platform === 'node') made.push({ name, program, file })
      })
    }
  return made
}

/** The library's program with the files that a serverless packer takes along. */
async function packed(work, out) {
  const { nodeFileTrace } = await importedFrom(work, '@vercel/nft')
  const { fileList } = await nodeFileTrace([join(work, 'library.mjs')], { base: work })
  for (const file of fileList) {
    await mkdir(dirname(join(out, file)), { recursive: true })
    await cp(join(work, file), join(out, file))
  }
  return { name: `@vercel/nft (${fileList.size} files)`, program: 'library', file: join(out, 'library.mjs') }
}

async function inBrowser(bundles, expected) {
  const browser = [process.env.WSBAN_CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
    (path) => path !== undefined && existsSync(path),
  )
  if (browser === undefined) return console.log('no Chromium: the bundles for browsers were not run')
  const { launch } = await import('puppeteer-core')
  const server = createServer(async ({ url = '/' }, response) => {
    const file = join(bundles, decodeURIComponent(url).replace(/^\/+/, ''))
    if (url.endsWith('/'))
      response.setHeader('content-type', 'text/html').end('<script type="module" src="main.js"></script>')
    else {
      const content = await readFile(file).catch(() => undefined)
      response
        .setHeader('content-type', 'text/javascript')
        .writeHead(content ? 200 : 404)
        .end(content)
    }
  })
  await new Promise((settle) => server.listen(0, '127.0.0.1', settle))
  const chromium = await launch({ executablePath: browser, headless: true, args: ['--no-sandbox'] })
  try {
    for (const folder of (await readdir(bundles)).filter((name) => name.endsWith('-browser')))
      await attempt(`${basename(folder)} in ${await chromium.version()}`, async () => {
        const page = await chromium.newPage()
        const failed = new Promise((_, fail) => page.on('pageerror', fail))
        await page.goto(`http://127.0.0.1:${server.address().port}/${folder}/`)
        await Promise.race([failed, page.waitForFunction(() => 'said' in globalThis, { polling: 100 })])
        same(await page.evaluate(() => globalThis.said), expected)
        await page.close()
      })
  } finally {
    await chromium.close()
    server.close()
  }
}

function same(said, expected) {
  if (said !== expected) throw new Error(`it said ${said}\nand not ${expected}`)
}

async function attempt(title, work) {
  try {
    await work()
    console.log(`ok      ${title}`)
  } catch (error) {
    failures++
    console.log(`FAILED  ${title}\n${error.stack}`)
  }
}
