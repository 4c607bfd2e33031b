/**
 * As runtime/inference/python/runtimes.py, for onnxruntime-web in Chromium: tsx bench/runtimes/web.ts wasm|webgpu MODEL.onnx IMAGES OUTPUTS. Without a graphics card
 * WebGPU is computed by SwiftShader, on the processor.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { launch } from 'puppeteer-core'
import * as z from 'zod'
import { present } from '../../grammar/present.js'
import { browserPath } from '../../test/support/browser.js'

const [provider = '', model = '', images = '', out = ''] = process.argv.slice(2)
const runtime = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))

const page = `<!doctype html><script type="module">
import * as ort from '/ort.all.min.mjs'
ort.env.wasm.numThreads = 1
ort.env.logLevel = 'fatal'
const session = ort.InferenceSession.create('/model.onnx', { executionProviders: ['${provider}'] })
window.probe = async (name, ...sizes) => {
  const bytes = new Uint8Array(await (await fetch('/image/' + name)).arrayBuffer())
  const results = await (await session).run({ image: new ort.Tensor('uint8', bytes, [...sizes, 3]) })
  return Object.entries(results).map(([output, { dims, data }]) => ({ output, dims, values: Array.from(data) }))
}
window.version = ort.env.versions.web
</script>`

const server = createServer(async ({ url = '' }, response) => {
  const image = /^\/image\/([\w ]+)$/.exec(decodeURIComponent(url))?.[1]
  const script = /^\/([\w.-]+)$/.exec(url)?.[1]
  try {
    if (url === '/') response.setHeader('content-type', 'text/html').end(page)
    else if (url === '/model.onnx') response.end(await readFile(model))
    else if (image !== undefined) response.end(await readFile(join(images, `${image}.u8`)))
    else {
      response.setHeader('content-type', url.endsWith('.wasm') ? 'application/wasm' : 'text/javascript')
      response.end(await readFile(join(runtime, script ?? '')))
    }
  } catch {
    response.writeHead(404).end()
  }
}).listen(0, '127.0.0.1')

const outputs = z.array(z.object({ output: z.string(), dims: z.array(z.number()), values: z.array(z.number()) }))

const browser = await launch({
  executablePath: present(browserPath, 'Chromium'),
  args: ['--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--use-vulkan=swiftshader'],
  protocolTimeout: 0,
})
try {
  const tab = await browser.newPage()
  const address = server.address()
  await tab.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`)
  await tab.waitForFunction('window.version !== undefined')
  console.log(await tab.evaluate('window.version'))
  const lines: string[] = []
  for (const line of (await readFile(join(images, 'images.txt'), 'utf8')).split('\n')) {
    const [name = '', ...sizes] = line.split('\t')
    const found = outputs.parse(await tab.evaluate(`window.probe(${JSON.stringify(name)}, ${sizes.join()})`))
    for (const { output, dims, values } of found) {
      await writeFile(join(out, `${lines.length}.f32`), new Uint8Array(Float32Array.from(values).buffer))
      lines.push([name, output, ...dims].join('\t'))
    }
  }
  await writeFile(join(out, 'outputs.txt'), lines.join('\n'))
} finally {
  await browser.close()
  server.close()
}
