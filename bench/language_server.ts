/**
 * How long an editor waits for the language server, in milliseconds (median and 95th percentile, warm): from a key to the diagnostics,
 * and for completion, through the protocol in one process. models/wsban.wsban on InceptionV3, ViT-S/16 and Swin-T, and a spec ten times as long.
 *
 *   npx tsx bench/language_server.ts
 *
 * Keys of three kinds: in a comment, a number (a shape changes), and a stage of a pipeline put in and taken out (the graph changes).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { CompletionRequest } from 'vscode-languageserver/node.js'
import { packageRoot } from '../runtime/package_root.js'
import { LanguageClient } from '../test/support/language_client.js'

const rounds = 120
/** A fast typist's pause between keys, in milliseconds. */
const betweenKeys = 120
const folder = join(packageRoot(), 'models')
const text = readFileSync(join(folder, 'wsban.wsban'), 'utf8')

/** The model with many more branches over the same trunk. */
function tenTimesAsLong(): string {
  const [head = '', tail = ''] = text.split('  loss {')
  const inner = `(master) {
    attention = attention(master.features, maps = maps, dropout = 20%)
    parts     = bap(master.features, attention, pool = mean)
    embedding = parts -> signed_sqrt -> l2_normalize
    logits    = embedding -> scale(100) -> linear(classes)
  }
`
  const more = Array.from({ length: 68 }, (_, index) => `  branch extra_${index}${inner}`)
  return `${head}${more.join('\n')}\n  loss {${tail}`
}

function onTrunk(name: string): string {
  return text.replace('trunk = "inception_v3"', `trunk = "${name}"`)
}

const kinds: readonly { readonly name: string; readonly at: string; readonly texts: readonly [string, string] }[] = [
  { name: 'comment', at: '// 128 x 768', texts: ['// 128 x 768', '// 128 x 7681'] },
  { name: 'number', at: 'scale(100)', texts: ['scale(100)', 'scale(10)'] },
  { name: 'graph', at: '-> signed_sqrt ->', texts: ['-> signed_sqrt ->', '->'] },
]

function shown(times: number[]): string {
  times.sort((a, b) => a - b)
  const at = (share: number) => (times[Math.floor(times.length * share)] ?? 0).toFixed(1)
  return `${at(0.5)} (${at(0.95)})`
}

for (const [title, spec] of [
  ['models/wsban.wsban', text],
  ...['vit_small_patch16_224', 'swin_tiny_patch4_window7_224'].map((trunk) => [trunk, onTrunk(trunk)] as const),
  ['ten times as long', tenTimesAsLong()],
] as const) {
  const client = await LanguageClient.start(folder)
  const uri = await client.open(join(folder, 'bench.wsban'), spec)
  const before = await client.diagnostics(uri)
  console.log(`${title}: ${spec.split('\n').length} lines, ${before.length} diagnostics`)
  for (const { name, at, texts } of kinds) {
    const start = spec.indexOf(at)
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const [from, to] = round % 2 === 0 ? texts : [texts[1], texts[0]]
      await setTimeout(betweenKeys)
      const began = performance.now()
      await client.edit(uri, start, start + from.length, to)
      await client.diagnostics(uri)
      if (round >= rounds / 4) times.push(performance.now() - began)
    }
    console.log(`  a key to its diagnostics, ${name}: ${shown(times)}`)
  }
  for (const [name, at] of [
    ['taps', 'trunk.'],
    ['arguments', 'bap(features, '],
  ] as const) {
    const times: number[] = []
    for (let round = 0; round < rounds; round++) {
      const began = performance.now()
      await client.connection.sendRequest(CompletionRequest.type, client.at(uri, spec.indexOf(at) + at.length))
      if (round >= rounds / 4) times.push(performance.now() - began)
    }
    console.log(`  completion of ${name}: ${shown(times)}`)
  }
  client.stop()
}
// The server waits for more.
process.exit()
