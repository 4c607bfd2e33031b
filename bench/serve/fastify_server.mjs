/**
 * A server as one writes it by hand: Fastify, sharp and ONNX Runtime in one process, an image at a time. fastify lies in the working folder of
 * the measurement, the others in this project.
 *
 *   node fastify_server.mjs MODEL.onnx PORT FASTIFY_FOLDER
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ort from 'onnxruntime-node'
import sharp from 'sharp'

const [, , model, port, folder] = process.argv
const { default: fastify } = await import(pathToFileURL(createRequire(join(folder, '/')).resolve('fastify')).href)
const session = await ort.InferenceSession.create(model, { logSeverityLevel: 4 })

const app = fastify({ bodyLimit: 32 * 2 ** 20 })
app.addContentTypeParser('image/jpeg', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/predict', async ({ body }) => {
  const { data, info } = await sharp(body, { autoOrient: true })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
  const image = new ort.Tensor('uint8', new Uint8Array(data.buffer, data.byteOffset, data.length), [
    1,
    info.height,
    info.width,
    3,
  ])
  const { probabilities, boxes } = await session.run({ image })
  const classes = Array.from(probabilities.data, (probability, index) => ({ index, probability }))
  classes.sort((a, b) => b.probability - a.probability)
  return { classes: classes.slice(0, 3), box: boxes && Array.from(boxes.data) }
})
await app.listen({ port: Number(port), host: '127.0.0.1' })
