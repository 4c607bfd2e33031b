import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import * as z from 'zod'
import { runFile } from '../../runtime/runs/info.js'
import { json, type Result, startWsban } from '../support/commands.js'
import { LoopbackHub } from '../support/hub.js'
import { drawShapes } from '../support/shapes.js'

/** A classifier on a small trunk that timm knows. */
const spec = `model net(classes = 2, size = 64, trunk = "test_efficientnet") {
  input image: Image[3, size, size] { resize(size, interpolation = trunk), normalize(mean = trunk, deviation = trunk) }
  input label: Class[classes]
  branch whole(image) {
    trunk  = backbone(image, trunk)
    logits = trunk.features -> global_avg_pool -> linear(classes)
  }
  loss { whole = cross_entropy(whole.logits, label) }
  predict probabilities = softmax(whole.logits)
  train { epochs = 1, batch = 4 optimizer = sgd(rate = 0.01) schedule = cosine }
}
`

const owner = 'someone'
const work = realpathSync(mkdtempSync(join(tmpdir(), 'wsban-hub-cli-')))
const project = join(work, 'private-place')
let hub: LoopbackHub
let caches = 0

async function wsban(args: readonly string[], environment: Record<string, string> = {}): Promise<Result> {
  const home = join(work, `cache-${++caches}`)
  // Neither the token nor the cache of the machine is used.
  const { HF_TOKEN: _, HUGGING_FACE_HUB_TOKEN: __, HF_HUB_CACHE: ___, HF_HUB_OFFLINE: ____, ...rest } = process.env
  const { ended } = startWsban(project, args, undefined, { ...rest, ...hub.environment(home), ...environment })
  return ended
}

function fails(t: ExecutionContext, result: Result, code: string, pattern: RegExp): void {
  t.regex(result.err, new RegExp(`error\\[${code}\\]`), result.out)
  t.regex(result.err, pattern)
  t.not(result.status, 0)
  t.false(`${result.out}${result.err}`.includes(hub.token), 'a token is never printed')
  t.notRegex(result.err, /Signature/, 'a signed address is never printed')
}

const ok = (t: ExecutionContext, result: Result): Result => {
  t.is(result.status, 0, result.err)
  t.false(`${result.out}${result.err}`.includes(hub.token), 'a token is never printed')
  return result
}

test.before(async (t) => {
  hub = await LoopbackHub.open(owner)
  mkdirSync(project)
  writeFileSync(join(project, 'net.wsban'), spec)
  await drawShapes(join(project, 'shapes'))
  // By its full path, which must not leave this machine.
  ok(t, await wsban(['train', join(project, 'net.wsban'), '--data', join(project, 'shapes'), '-o', 'run']))
})
test.after.always(() => {
  hub.close()
  rmSync(work, { recursive: true, force: true })
})
test.beforeEach(() => {
  hub.requests.length = 0
  hub.disturbances.length = 0
})

test.serial('what is pushed can be pulled by others: the same bits and the same answers', async (t) => {
  ok(t, await wsban(['push', 'run', `${owner}/shapes`, '--license', 'apache-2.0']))
  const files = hub.filesOf(`${owner}/shapes`)
  t.deepEqual([...files.keys()].sort(), [
    'README.md',
    'config.json',
    'log.jsonl',
    'model.onnx',
    'model.safetensors',
    'model.wsban',
    'run.json',
    'trunk.safetensors',
  ])
  for (const [name, content] of files) {
    t.false(content.includes(work), `${name} holds a path of this machine`)
    t.false(content.includes('private-place'), `${name} holds a path of this machine`)
  }
  t.is(files.get('model.wsban')?.toString(), spec)

  const pulled = ok(t, await wsban(['pull', `${owner}/shapes`, '-o', 'pulled', '--json']))
  t.like(json(pulled), { ok: true, repository: `${owner}/shapes`, folder: 'pulled' })
  const info = (folder: string) => runFile.parse(JSON.parse(readFileSync(join(project, folder, 'run.json'), 'utf8')))
  const weightsOf = (folder: string) => {
    const { best, last } = info(folder)
    return readFileSync(join(project, folder, 'checkpoints', best ?? last ?? '', 'weights.safetensors'))
  }
  t.true(weightsOf('pulled').equals(weightsOf('run')))
  t.is(info('pulled').data, 'shapes')
  t.false(existsSync(join(project, 'pulled', 'config.json')), 'what only other programs read stays at the hub')

  const answers = async (source: string) => {
    const first = readdirSync(join(project, 'shapes', 'val')).sort()[0] ?? ''
    const photo = readdirSync(join(project, 'shapes', 'val', first))[0] ?? ''
    const args = ['predict', source, join('shapes', 'val', first, photo), '--json', '--engine', 'cpu']
    return ok(t, await wsban(args)).out
  }
  const expected = await answers('run')
  t.true(expected.includes('probability'))
  t.is((await answers('pulled')).replaceAll('pulled', 'run'), expected)
  ok(t, await wsban(['evaluate', 'pulled', '--data', 'shapes', '--engine', 'cpu']))
  ok(t, await wsban(['verify', 'pulled/model.onnx', '--against', 'run', '--data', 'shapes']))
  ok(t, await wsban(['export', 'pulled', '-o', 'again.onnx']))
  fails(t, await wsban(['pull', `${owner}/shapes`, '-o', 'pulled']), 'folder-not-empty', /nothing was changed/)
})

test.serial('the card has the front matter of the hub, with licence and figures', (t) => {
  const card = hub.filesOf(`${owner}/shapes`).get('README.md')?.toString() ?? ''
  const [, matter = '', text = ''] = /^---\n([\s\S]*?)\n---\n([\s\S]*)$/.exec(card) ?? []
  t.regex(matter, /^license: "apache-2.0"$/m)
  t.regex(matter, /^library_name: "wsban"$/m)
  t.regex(matter, /^- "timm"$/m)
  t.regex(matter, /type: "accuracy"\n {6}name: "top-1 accuracy"\n {6}value: [01]/)
  t.regex(matter, /name: "shapes"/)
  t.regex(text, /timm\.create_model\("hf-hub:someone\/shapes"/)
  t.regex(text, /# Model card: net: 2 classes/)
  const config = z.looseObject({
    architecture: z.string(),
    pretrained_cfg: z.looseObject({ hf_hub_filename: z.string(), input_size: z.array(z.number()) }),
  })
  const stored = config.parse(JSON.parse(hub.filesOf(`${owner}/shapes`).get('config.json')?.toString() ?? ''))
  t.is(stored.architecture, 'test_efficientnet')
  t.like(stored.pretrained_cfg, { hf_hub_filename: 'trunk.safetensors', input_size: [3, 64, 64] })
})

test.serial('a second push sends no large file again', async (t) => {
  ok(t, await wsban(['push', 'run', `${owner}/shapes`]))
  t.false(hub.requests.some(({ method }) => method === 'PUT'))
  t.true(hub.requests.some(({ path }) => path.includes('/commit/')))
})

test.serial('a dry run lists the files with their sizes, and asks the hub for nothing', async (t) => {
  const result = ok(
    t,
    await wsban(['push', 'run', `${owner}/other`, '--dry-run', '--json', '--space'], { HF_TOKEN: '' }),
  )
  const document = z.object({
    published: z.literal(false),
    files: z.array(z.object({ name: z.string(), bytes: z.number() })),
    space: z.array(z.object({ name: z.string(), bytes: z.number() })),
  })
  const { files, space } = document.parse(json(result))
  t.true(files.some(({ name, bytes }) => name === 'model.onnx' && bytes > 100_000))
  t.true(space.some(({ name }) => name === 'index.html'))
  t.deepEqual(hub.requests, [])
})

test.serial('a private repository, another branch, and a static Space of the page', async (t) => {
  ok(t, await wsban(['push', 'run', `${owner}/hidden`, '--private', '--revision', 'trials/first', '--space']))
  t.is(hub.repositories.get(`${owner}/hidden`)?.visibility, 'private')
  t.is(hub.filesOf(`${owner}/hidden`).size, 0)
  t.true(hub.filesOf(`${owner}/hidden`, 'trials/first').has('model.onnx'))
  const space = hub.repositories.get(`spaces/${owner}/hidden`)
  t.like(space, { visibility: 'private', sdk: 'static' })
  const files = hub.filesOf(`spaces/${owner}/hidden`)
  t.regex(files.get('README.md')?.toString() ?? '', /^---\ntitle: "net"\nsdk: "static"\n/)
  t.regex(files.get('index.html')?.toString() ?? '', /<html/)
  t.true(files.has('files/model.bin'))
  t.false([...files.keys()].some((name) => name.startsWith('.')))

  const pull = ['pull', `${owner}/hidden`, '-o', 'hidden', '--revision', 'trials/first']
  fails(t, await wsban(pull, { HF_TOKEN: '' }), 'hub-forbidden', /not for everyone/)
  ok(t, await wsban(pull))
  fails(
    t,
    await wsban(['pull', `${owner}/hidden`, '-o', 'none', '--revision', 'gone']),
    'hub-not-found',
    /no revision gone/,
  )
})

test.serial(
  "the token of the hub's own tools does as well, and none is an error before anything is sent",
  async (t) => {
    const home = join(work, 'home')
    mkdirSync(home)
    const without = { HF_HOME: home, HF_TOKEN: '' }
    fails(t, await wsban(['push', 'run', `${owner}/shapes`], without), 'hub-no-token', /HF_TOKEN/)
    fails(t, await wsban(['push', 'run', `${owner}/shapes`], { HF_TOKEN: 'secret' }), 'hub-no-token', /begin with hf_/)
    t.deepEqual(hub.requests, [])
    writeFileSync(join(home, 'token'), `${hub.token}\n`)
    ok(t, await wsban(['push', 'run', `${owner}/shapes`], without))
    const elsewhere = hub.requests.filter(({ path }) => path.includes('Signature'))
    t.true(elsewhere.every(({ authorization }) => authorization === undefined))
  },
)

test.serial('the answers of a hub that refuses say what to do', async (t) => {
  const push = (name: string, environment: Record<string, string> = {}) => wsban(['push', 'run', name], environment)
  fails(t, await push(`${owner}/shapes`, { HF_TOKEN: 'hf_revoked' }), 'hub-forbidden', /does not accept the token/)
  fails(t, await push('another/shapes'), 'hub-forbidden', /may not write to another\/shapes/)
  fails(t, await push('nothing'), 'wrong-usage', /OWNER\/NAME/)
  fails(t, await push(`${owner}/shapes`, { HF_HUB_OFFLINE: '1' }), 'hub-offline', /--dry-run/)
  fails(t, await push(`${owner}/shapes`, { HF_ENDPOINT: 'http://127.0.0.1:9' }), 'hub-unreachable', /network/)
  const answers = (path: string, status: number, body: string) =>
    hub.disturbances.push({
      matches: (request) => request.method === 'POST' && request.path.includes(path),
      times: 1,
      answer: { status, headers: { 'content-type': 'application/json' }, body },
    })
  answers('/api/repos/create', 404, '{"error":"Not Found"}')
  fails(t, await push(`${owner}/shapes`), 'hub-not-found', /HF_ENDPOINT/)
  answers(
    '/commit/',
    400,
    JSON.stringify({ error: `"license" is wrong at https://s3/x?X-Amz-Signature=1 ${hub.token}` }),
  )
  fails(t, await push(`${owner}/shapes`), 'hub-refused', /answered 400 .*"license" is wrong at an address/)
})

test.serial('a hub that is busy is asked again, and a connection that breaks is taken up', async (t) => {
  const busy = (times: number, matches: (path: string) => boolean) =>
    hub.disturbances.push({
      matches: ({ path }) => matches(path),
      times,
      answer: { status: 429, headers: { 'retry-after': '0' }, body: '' },
    })
  busy(2, (path) => path.includes('/preupload/'))
  busy(1, (path) => path.includes('/commit/'))
  hub.stored.clear()
  hub.disturbances.push({ matches: ({ method }) => method === 'PUT', times: 2, answer: 'cut' })
  ok(t, await wsban(['push', 'run', `${owner}/busy`]))
  t.true(hub.filesOf(`${owner}/busy`).has('model.safetensors'))
  busy(99, (path) => path.includes('/api/'))
  fails(t, await wsban(['push', 'run', `${owner}/busy`]), 'hub-busy', /429/)
  hub.disturbances.length = 0
  busy(1, (path) => path.includes('/resolve/'))
  fails(t, await wsban(['pull', `${owner}/busy`, '-o', 'busy']), 'hub-busy', /429/)
  t.false(existsSync(join(project, 'busy')))
})

test.serial('an interrupted download resumes', async (t) => {
  hub.disturbances.push({
    matches: ({ method, path }) => method === 'GET' && path.includes('Signature'),
    times: 3,
    answer: 'cut',
  })
  ok(t, await wsban(['pull', `${owner}/shapes`, '-o', 'resumed']))
  t.true(hub.requests.some(({ range }) => range !== undefined))
})

test.serial(
  'a repository of someone else is data: it is checked, and reaches nothing outside of the folder',
  async (t) => {
    const own = Object.fromEntries(hub.filesOf(`${owner}/shapes`))
    const info = runFile.parse(JSON.parse(own['run.json']?.toString() ?? ''))
    const pull = (name: string, ...args: string[]) => wsban(['pull', name, '-o', 'hostile', ...args])
    const nothing = () => t.deepEqual([existsSync(join(project, 'hostile')), temporary()], [false, []])
    const temporary = () => readdirSync(project).filter((name) => name.startsWith('.wsban-'))

    hub.publish('evil/names', {
      ...own,
      '../../escaped': 'x',
      'checkpoints/../../../escaped': 'x',
      '/etc/escaped': 'x',
    })
    ok(t, await pull('evil/names'))
    t.deepEqual(readdirSync(join(project, 'hostile')).sort(), [
      'README.md',
      'checkpoints',
      'log.jsonl',
      'model.onnx',
      'model.wsban',
      'run.json',
    ])
    t.false(readdirSync(work, { recursive: true }).some((name) => String(name).includes('escaped')))
    rmSync(join(project, 'hostile'), { recursive: true })

    for (const checkpoint of ['../../evil', 'epoch-1/../..', '/tmp/evil', ''])
      hub.publish('evil/path', { ...own, 'run.json': JSON.stringify({ ...info, last: checkpoint, best: checkpoint }) })
    fails(t, await pull('evil/path'), 'hub-no-run', /not one that this version/)
    nothing()
    hub.publish('evil/weights', { ...own, 'model.safetensors': Buffer.alloc(64, 0xff) })
    fails(t, await pull('evil/weights'), 'weights-unreadable', /safetensors/)
    nothing()
    hub.publish('evil/empty', { 'model.safetensors': own['model.safetensors'] ?? '' })
    fails(t, await pull('evil/empty'), 'hub-no-run', /--weights evil\/empty/)
    nothing()
    hub.publish('evil/huge', own)
    hub.disturbances.push({
      matches: ({ path }) => path.includes('/run.json'),
      times: 1,
      answer: {
        status: 307,
        headers: {
          location: '/x',
          'x-repo-commit': '0'.repeat(40),
          'x-linked-etag': `"${'0'.repeat(64)}"`,
          'x-linked-size': String(2 ** 40),
        },
      },
    })
    fails(t, await pull('evil/huge'), 'hub-too-large', /1099511627776 bytes/)
    nothing()
    hub.disturbances.push({
      matches: ({ method, path }) => method === 'GET' && path.includes('Signature'),
      times: 9,
      answer: { status: 200, body: own['model.safetensors']?.map((byte) => byte ^ 1) ?? '' },
    })
    fails(t, await pull('evil/names'), 'hub-damaged', /another hash/)
    nothing()
    fails(t, await pull('evil/none'), 'hub-not-found|hub-forbidden', /evil\/none/)
    fails(t, await wsban(['pull', '../evil']), 'wrong-usage', /OWNER\/NAME/)
    fails(t, await pull('evil/names', '--revision', '../../main'), 'wrong-usage', /revision/)
  },
)
