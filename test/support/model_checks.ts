import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import test from 'ava'
import type { ModelSettings } from '../../compiler/analysis/model.js'
import { Random } from '../../compiler/random.js'
import type { Batch } from '../../runtime/data/batches.js'
import { type EngineName, openEngine } from '../../runtime/engines/index.js'
import { exportOnnx } from '../../runtime/export/onnx.js'
import { loadModel } from '../../runtime/generated/load.js'
import { EnginePredictor } from '../../runtime/inference/engine.js'
import { OnnxPredictor } from '../../runtime/inference/onnx.js'
import type { Model } from '../../runtime/model.js'
import { packageRoot } from '../../runtime/package_root.js'
import { silent } from '../../runtime/reporter.js'
import { compileFile } from '../../runtime/specs/spec.js'
import { Learner } from '../../runtime/training/learner.js'
import { baseRate } from '../../runtime/training/schedules.js'
import { WeightStore } from '../../runtime/weights/store.js'

const root = packageRoot()
const fixtures = join(root, 'test', 'fixtures', 'models')
export interface Subject {
  readonly path: string
  readonly settings: ModelSettings
}

const tinyVit = { size: 64, classes: 3, trunk: 'test_vit' }
const tiny = { size: 64, classes: 3, trunk: 'test_resnet' }

/** The models with their own backbones or the smallest published one, at sizes that a test can afford. */
const small: Readonly<Record<string, readonly ModelSettings[]>> = {
  acol: [{ ...tiny, resized: 72, hidden: 32 }],
  adl: [{ ...tiny, resized: 72, width: 32 }],
  api_net: [{ ...tiny, resized: 72, hidden: 8 }],
  baseline: [{ size: 64, classes: 3 }],
  baseline_lite: [{ size: 64, classes: 3 }],
  bilinear_cnn: [
    { size: 32, classes: 3 },
    { size: 32, classes: 3, trunks: 2 },
  ],
  cal: [{ ...tiny, resized: 72, maps: 4 }],
  cam: [{ size: 96, classes: 3 }],
  compact_bilinear: [{ ...tiny, resized: 72, width: 16 }],
  cross_x: [{ ...tiny, resized: 72, reduction: 4 }],
  dcl: [{ ...tiny, resized: 72, grid: 2 }],
  distill_teacher: [{ ...tiny, teacher: 'test_resnet' }],
  ffvt: [{ ...tinyVit, resized: 72, tokens: 3 }],
  gradcam: [{ ...tiny, hidden: 16 }],
  isqrt_cov: [{ ...tiny, resized: 72, width: 16 }],
  mamc: [
    { ...tiny, resized: 72, dimensions: 8 },
    { ...tiny, resized: 72, dimensions: 8, flat: true },
  ],
  mc_loss: [{ ...tiny, size: 128, resized: 144, hidden: 16 }],
  mge_cnn: [{ ...tiny, resized: 72 }],
  mmal: [{ ...tiny, seen: 32, trunk: 'resnet18' }],
  nts_net: [{ ...tiny, resized: 72, seen: 32, proposals: 3, used: 2 }],
  pim: [{ ...tiny, resized: 72, width: 16, selected: 3 }],
  pmg: [{ ...tiny, resized: 72, hidden: 8, width: 16 }],
  ra_cnn: [{ ...tiny, seen: 64, hidden: 16 }],
  s3n: [{ ...tiny, resized: 72 }],
  self_distill: [{ ...tiny, outputs: 16, hidden: 8, width: 4 }],
  stn: [{ ...tiny, seen: 32, finder: 'test_resnet' }],
  tasn: [{ size: 96, sampled: 64, classes: 3 }],
  transfg: [{ ...tinyVit, resized: 72 }],
  triplet: [{ ...tiny, dimensions: 8 }],
  vit_crop: [tinyVit],
  tasn_tiny: [{}],
  multi_label: [{ size: 32 }],
  hierarchy: [{ size: 32 }],
  regression: [{ size: 32 }],
  retrieval: [{ size: 32 }],
  wsban: [
    { size: 107, classes: 3, maps: 4 },
    { size: 107, classes: 3, maps: 4, joint: 'classifier' },
  ],
  wsban_lite: [{ size: 96, classes: 3, maps: 8, joint: 'classifier' }],
  wsban_tiny: [{}],
  wsdan: [
    { size: 107, resized: 120, classes: 3, maps: 4 },
    { size: 107, resized: 120, classes: 3, maps: 4, head: 'tap' },
  ],
  wsdan_tiny: [{}],
}

export const subjects: readonly Subject[] = [
  ...wsbanFiles(join(root, 'models')).flatMap((path) =>
    (small[basename(path, '.wsban')] ?? [{}]).map((settings) => ({ path, settings })),
  ),
  ...wsbanFiles(fixtures).map((path) => ({ path, settings: {} })),
]

/** Single precision on both sides; relative to an output's largest value, or 1 where all are smaller. */
const usualTolerance = 1e-4

function wsbanFiles(place: string): string[] {
  return readdirSync(place)
    .filter((file) => file.endsWith('.wsban'))
    .map((file) => join(place, file))
}

/** An output of the engine and of the file. */
type Row = readonly [output: string, ArrayLike<number> | undefined, ArrayLike<number> | undefined]

/** On one engine: each exported file answers as the engine does, and ten steps of training do what they should. */
export function checkModels(
  engineName: EngineName | undefined,
  chosen: readonly Subject[],
  tolerance = usualTolerance,
): void {
  const folder = mkdtempSync(join(tmpdir(), 'wsban-models-'))
  test.after.always(() => rmSync(folder, { recursive: true, force: true }))
  test.before(async () => {
    await openEngine(engineName, silent)
  })
  for (const subject of chosen) checkModel(subject, folder, tolerance)
}

function checkModel({ path, settings }: Subject, folder: string, tolerance: number): void {
  const set = Object.entries(settings).map(([key, value]) => `${key}=${String(value)}`)
  const name = [basename(path, '.wsban'), ...set].join(' ')

  test.serial(`${name}: the ONNX file answers as the engine does`, async (t) => {
    const { graph, stored } = compileFile(path, settings)
    if (!graph) throw new Error('it does not compile')
    const model = await loadModel(graph, stored.entry)
    const file = join(folder, `${name}.onnx`)
    await exportOnnx({ graph, stored, classes: undefined, path: file, input: 'image', weights: { seed: 5 } })
    const onnx = await OnnxPredictor.open(file)
    const engine = new EnginePredictor(model, onnx.classes, WeightStore.initial(model.parameters, 5))
    const random = new Random(1)
    const images = (
      [
        [40, 70],
        [130, 90],
        [300, 220],
      ] as const
    ).map(([width, height]) => ({
      width,
      height,
      data: Uint8Array.from({ length: width * height * 3 }, () => random.integer(256)),
    }))
    const [expected, found] = [await engine.predict(images), await onnx.predict(images)]
    for (const [index, answer] of expected.entries()) {
      const other = found[index]
      const rows: Row[] = [
        ['probabilities', answer.probabilities, other?.probabilities],
        ...Object.entries(answer.predictions ?? {}).map(([name, row]): Row => [name, row, other?.predictions?.[name]]),
        ['boxes', answer.box, other?.box],
        ['attention', answer.attention?.values, other?.attention?.values],
        ...Object.entries(answer.crops ?? {}).flatMap(([crop, { box, attention }]): Row[] => [
          [`boxes/${crop}`, box, other?.crops?.[crop]?.box],
          [`attention/${crop}`, attention.values, other?.crops?.[crop]?.attention.values],
        ]),
        ...Object.entries(answer.logits).map(([branch, values]): Row => [branch, values, other?.logits[branch]]),
      ]
      for (const [output, a, b] of rows) {
        t.is(a === undefined, b === undefined, output)
        const largest = Math.max(1, ...Array.from(a ?? [], Math.abs))
        const away = Math.max(...Array.from(a ?? [], (value, i) => Math.abs(value - (b?.[i] ?? Number.NaN))))
        t.true(away <= tolerance * largest, `${output} of image ${index}: ${away} away`)
      }
    }
    await onnx.close()
    await engine.close()
  })

  test.serial(
    `${name}: ten steps on one batch make its loss fall, move every weight, and repeat exactly`,
    async (t) => {
      const { graph, stored } = compileFile(path, settings)
      if (!graph) throw new Error('it does not compile')
      const model = await loadModel(graph, stored.entry)
      const steps = (count: number) => {
        const learner = Learner.begin({ model, seed: 2 })
        const { weights } = learner
        const before = new Map(
          [...weights.variables].map(([key, variable]) => [key, Float32Array.from(variable.dataSync())]),
        )
        const random = new Random(3)
        const batch = {
          images: Float32Array.from({ length: 6 * model.image.size ** 2 * 3 }, () => random.uniform(-1, 1)),
          labels: Int32Array.from([0, 1, 2, 0, 1, 1]),
          ...targetsFor(model, 6),
          ...(model.views && {
            views: model.views.map(({ size }) =>
              Float32Array.from({ length: 6 * size ** 2 * 3 }, () => random.uniform(-1, 1)),
            ),
          }),
          indices: Int32Array.from([0, 1, 2, 3, 4, 5]),
        }
        // A tenth of the plan's rate: this is noise on random weights.
        const rate = baseRate(model.plan.optimizer) / 10
        const totals = Array.from({ length: count }, (_, step) => {
          const result = learner.accumulate(batch, { step, epoch: 0, rate }, true)
          return result?.losses.total ?? Number.NaN
        })
        const frozen = model.plan.groups.filter((group) => group.frozen !== 0).map(({ path }) => `${path}.`)
        const held = model.parameters.filter(
          ({ name, trainable }) => trainable && frozen.some((path) => name.startsWith(path)),
        ).length
        const still = weights.trainable.length - held - moved(weights, before)
        learner.dispose()
        return { totals, still }
      }
      const { totals, still } = steps(10)
      t.true(totals.every(Number.isFinite))
      t.true(Math.min(...totals.slice(4)) < (totals[0] ?? 0), totals.join(' '))
      t.is(still, 0, 'weights that no gradient reaches')
      t.deepEqual(steps(3).totals, totals.slice(0, 3))
    },
  )
}

/** Targets for a model with other label inputs than one class: classes in turn, labels by halves, and values from 0 to 1. */
function targetsFor({ signature }: Model, count: number): Pick<Batch, 'targets'> {
  if (!signature) return {}
  const rows = Array.from({ length: count }, (_, image) => image)
  const targets = signature.labels.map(({ name, kind, size }) => {
    const values = rows.flatMap((image) =>
      kind === 'Class'
        ? [image % size]
        : Array.from({ length: size }, (_, index) => (kind === 'Labels' ? (image + index) % 2 : image / count)),
    )
    return [name, Float32Array.from(values)] as const
  })
  return { targets: Object.fromEntries(targets) }
}

/** How many weights are numbers and no longer what they were: a gradient that is no number would show, and one that is missing. */
function moved(weights: WeightStore, before: ReadonlyMap<string, Float32Array>): number {
  return [...weights.variables].filter(([key, variable]) => {
    const now = variable.dataSync()
    const old = before.get(key)
    return variable.trainable && now.every(Number.isFinite) && now.some((value, i) => value !== old?.[i])
  }).length
}
