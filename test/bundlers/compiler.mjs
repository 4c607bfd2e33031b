/** A program that uses the compiler in a browser or under Node: what it reports is the same everywhere. */
import { check, compile, draw, expand, exportOnnx, format, standardFiles, version } from 'wsban/compiler'

async function main() {
  const spec = standardFiles.wsban_tiny
  const wrong = check('model wrong(classes = 2) {\n  predict p = softmaks(1)\n}\n')
  const { onnx } = await exportOnnx(spec, { seed: 2, precision: 'fp16' })
  return JSON.stringify({
    version,
    model: check(spec, { set: { classes: 5 } }).model,
    report: wrong.report,
    formatted: format('block  twice( x ){return x+x}').text,
    expanded: expand(spec).text.length,
    figure: draw(spec).svg.length,
    tfjs: (await compile(spec, { target: 'tfjs' })).files.map(({ path, text }) => [path, text.length]),
    pytorch: (await compile(spec, { target: 'pytorch' })).files.map(({ path, text }) => [path, text.length]),
    onnx: [
      onnx.bytes.length,
      onnx.nodes,
      onnx.bytes.reduce((sum, byte, index) => (sum + byte * (index + 1)) % 4294967291, 0),
    ],
  })
}

// A page is asked for what its program reported.
main().then((said) => {
  if (typeof document === 'undefined') console.log(said)
  else globalThis.said = said
})
