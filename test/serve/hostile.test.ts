import { connect } from 'node:net'
import { crc32, deflateSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import { present } from '../../grammar/present.js'
import { exportedModel } from '../support/exported_model.js'
import { type OpenServer, openServer, sentRaw, serveDefaults, statusesOf } from '../support/serve.js'
import { sharp } from '../support/sharp.js'
import { until } from '../support/waiting.js'

const { model, folder } = exportedModel()

let open: OpenServer
let photo: Buffer
test.before(async () => {
  open = await openServer(model)
  photo = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'teal' } })
    .jpeg()
    .toBuffer()
})
test.after.always(() => open?.close())

/** Checks that the server still predicts an image correctly. */
async function stillAnswers(t: ExecutionContext, { address } = open): Promise<void> {
  const response = await fetch(`${address}/predict`, {
    method: 'POST',
    body: new Uint8Array(photo),
    headers: { 'Content-Type': 'image/jpeg' },
  })
  t.is(response.status, 200)
}

interface Request {
  readonly method?: string
  readonly path: string
  readonly headers?: readonly string[]
  readonly body?: string | Uint8Array
}

/** Sends one request, with correct Host and length unless given, and checks that the response discloses nothing. */
async function ask(t: ExecutionContext, { method = 'POST', path, headers = [], body = '' }: Request, at = open) {
  const names = headers.map((line) => line.split(':')[0]?.toLowerCase())
  const own = [
    ...(names.includes('host') ? [] : [`Host: 127.0.0.1:${at.port}`]),
    ...(names.includes('content-length') || names.includes('transfer-encoding')
      ? []
      : [`Content-Length: ${Buffer.byteLength(body)}`]),
    'Connection: close',
  ]
  const received = await sentRaw(at.port, [
    `${method} ${path} HTTP/1.1\r\n${[...own, ...headers].join('\r\n')}\r\n\r\n`,
    body,
  ])
  t.false(received.includes(folder), 'an answer names a path of the server')
  t.notRegex(received, /\bat \S+:\d+:\d+|node_modules|\.ts\b/)
  return { status: statusesOf(received)[0], received, statuses: statusesOf(received) }
}

const jpeg = 'Content-Type: image/jpeg'

test('bodies that are too large are refused before or while they come', async (t) => {
  const declared = await ask(t, { path: '/predict', headers: [jpeg, 'Content-Length: 99999999999999'] })
  t.is(declared.status, 413)
  const expecting = await ask(t, {
    path: '/predict',
    headers: [jpeg, 'Content-Length: 99999999', 'Expect: 100-continue'],
  })
  t.is(expecting.status, 413)
  t.notRegex(expecting.received, /100 Continue/)
  const size = 2 ** 20
  const chunk = `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`
  const chunked = await ask(t, {
    path: '/predict',
    headers: [jpeg, 'Transfer-Encoding: chunked'],
    body: `${chunk.repeat(5)}0\r\n\r\n`,
  })
  t.is(chunked.status, 413)
  const impossible = await ask(t, { path: '/predict', headers: [jpeg, 'Content-Length: -5'] })
  t.is(impossible.status, 400)
  const both = await ask(t, { path: '/predict', headers: [jpeg, 'Content-Length: 5', 'Transfer-Encoding: chunked'] })
  t.is(both.status, 400)
  await stillAnswers(t)
})

test('a body that is longer than announced ends the connection behind the answer', async (t) => {
  const { statuses } = await ask(t, {
    path: '/predict',
    headers: [jpeg, `Content-Length: ${photo.length}`],
    body: Buffer.concat([photo, Buffer.from('and more that is no request\r\n\r\n')]),
  })
  t.is(statuses[0], 200)
  await stillAnswers(t)
})

test('what comes too slowly is ended', async (t) => {
  const slow = await openServer(model, { timeout: serveDefaults.timeout / 200 })
  const head = `POST /predict HTTP/1.1\r\nHost: 127.0.0.1:${slow.port}\r\n`
  const headers = await sentRaw(slow.port, [head])
  t.deepEqual(statusesOf(headers), [408])
  const body = await sentRaw(slow.port, [`${head}${jpeg}\r\nContent-Length: 1000\r\n\r\n`, 'a first part'])
  t.deepEqual(statusesOf(body), [408])
  const unread = await sentRaw(slow.port, [`${head}${jpeg}\r\nContent-Length: 99999999999\r\n\r\n`, 'a first part'])
  t.deepEqual(statusesOf(unread), [413])
  await slow.close()
})

const form = (...parts: readonly string[]) => `${parts.map((part) => `--edge\r\n${part}\r\n`).join('')}--edge--\r\n`
const filePart = (name: string, content = 'x') =>
  `Content-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${content}`
const edge = 'Content-Type: multipart/form-data; boundary=edge'

test('forms that are no forms, or too many', async (t) => {
  const many = form(...Array.from({ length: 1000 }, (_, index) => filePart(`${index}.jpg`)))
  const fields = form(
    ...Array.from({ length: 1000 }, (_, index) => `Content-Disposition: form-data; name="${index}"\r\n\r\n1`),
  )
  const cases: readonly (readonly [header: string, body: string, status: number])[] = [
    [edge, many, 413],
    [edge, fields, 413],
    [edge, form('Content-Disposition: form-data; name="text"\r\n\r\nno file'), 400],
    [edge, '', 400],
    [edge, '--edge\r\n', 400],
    [edge, form(filePart('a.jpg')).slice(0, -12), 400],
    ['Content-Type: multipart/form-data; boundary=other', form(filePart('a.jpg')), 400],
    ['Content-Type: multipart/form-data', form(filePart('a.jpg')), 400],
    [`Content-Type: multipart/form-data; boundary=${'b'.repeat(5000)}`, form(filePart('a.jpg')), 400],
    [edge, form(filePart('../../a\u001b[2J.jpg')), 422],
    ['Content-Type: text/plain', 'text', 415],
    ['X-None: 1', 'text', 415],
    [`${jpeg}\r\nContent-Encoding: gzip`, 'text', 415],
  ]
  for (const [header, body, status] of cases) {
    const answer = await ask(t, { path: '/predict', headers: [header], body })
    t.is(answer.status, status, `${header} ${body.slice(0, 100)} ${answer.received}`)
    t.false(answer.received.includes('\u001b'))
  }
  await stillAnswers(t)
})

/** Returns a PNG whose header states the given size. */
function png(width: number, height: number, data: Uint8Array): Buffer {
  const chunk = (type: string, content: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type), content])
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(content.length)
    crc.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, crc])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width)
  header.writeUInt32BE(height, 4)
  header.set([1, 0, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND', new Uint8Array())])
}

test('images that decode to far more than they are', async (t) => {
  const side = 2000
  const large = png(side, side, deflateSync(Buffer.alloc(side * (side / 8 + 1))))
  t.true(large.length < 2000)
  for (const body of [
    large,
    png(30_000, 30_000, deflateSync(Buffer.alloc(100_000))),
    png(0, 0, new Uint8Array()),
    photo.subarray(0, 200),
  ]) {
    const answer = await ask(t, { path: '/predict', headers: ['Content-Type: image/png'], body })
    t.is(answer.status, 422, answer.received)
    t.regex(answer.received, /"code":"image-unreadable"/)
  }
  t.regex((await ask(t, { path: '/predict', headers: [jpeg], body: large })).received, /pixel/)
  t.is((await ask(t, { path: '/predict', headers: [jpeg], body: '' })).status, 422)
  await stillAnswers(t)
})

const inputs = (one: unknown) => JSON.stringify({ inputs: [one] })
const image = { name: 'image', shape: [1, 1, 1, 3], datatype: 'UINT8', data: [1, 2, 3] }

test('inference requests that are not as the protocol has them', async (t) => {
  const most = Number.MAX_SAFE_INTEGER
  const cases: readonly (readonly [body: string, status: number])[] = [
    ['', 400],
    ['{', 400],
    ['[]', 400],
    ['null', 400],
    ['\xff\xfe', 400],
    ['['.repeat(1_000_000), 400],
    [`{"inputs":${'['.repeat(500_000)}${']'.repeat(500_000)}}`, 400],
    [inputs({ ...image, data: JSON.parse(`${'['.repeat(3000)}1${']'.repeat(3000)}`) }), 400],
    ['{"inputs":[]}', 400],
    [inputs({ ...image, name: 'pixels' }), 400],
    [JSON.stringify({ inputs: [image, image] }), 400],
    [inputs({ ...image, datatype: 'FP32' }), 400],
    [inputs({ ...image, datatype: 'BYTES' }), 400],
    [inputs({ ...image, shape: [1, 1, 3] }), 400],
    [inputs({ ...image, shape: [1, 1, 1, 4] }), 400],
    [inputs({ ...image, shape: [1, -1, -1, 3] }), 400],
    [inputs({ ...image, shape: [0, 1, 1, 3] }), 400],
    [inputs({ ...image, shape: [1.5, 1, 1, 3] }), 400],
    [inputs({ ...image, shape: ['1', 1, 1, 3] }), 400],
    [inputs({ ...image, shape: Array(5000).fill(1) }), 400],
    [inputs({ ...image, shape: [1, 2, 1, 3] }), 400],
    [inputs({ ...image, shape: [9, 1, 1, 3], data: Array(27).fill(1) }), 400],
    [inputs({ ...image, shape: [1, 5000, 5000, 3] }), 413],
    [inputs({ ...image, shape: [1, most, most, 3] }), 413],
    [inputs({ ...image, shape: [1, 2 ** 32, 2 ** 32, 3] }), 413],
    [inputs({ ...image, shape: [1, 1e300, 1, 3] }), 400],
    [inputs({ ...image, data: [1, 2, 300] }), 400],
    [inputs({ ...image, data: [1, 2, -1] }), 400],
    [inputs({ ...image, data: [1, 2, 0.5] }), 400],
    [inputs({ ...image, data: [1, 2, null] }), 400],
    [inputs({ ...image, data: [1, 2, '3'] }), 400],
    [inputs({ ...image, data: [1, 2, 3, 4] }), 400],
    [inputs({ ...image, data: [[[[1, 2, 3]]], [[[1, 2, 3]]]] }), 400],
    [inputs({ ...image, data: [[[1, 2, 3]]] }), 400],
    [inputs({ ...image, data: {} }), 400],
    [inputs({ ...image, data: undefined }), 400],
    [inputs(image).replace('[1,2,3]', '[1,2,NaN]'), 400],
    [inputs({ ...image, parameters: { binary_data_size: 3 } }), 400],
    [inputs({ ...image, parameters: { binary_data_size: 3 }, data: undefined }), 400],
    [inputs({ ...image, parameters: { binary_data_size: 1e18 }, data: undefined }), 400],
    [JSON.stringify({ inputs: [image], outputs: [{ name: '__proto__' }] }), 400],
    [JSON.stringify({ inputs: [image], id: 'x'.repeat(100_000) }), 400],
    [JSON.stringify({ inputs: [image], id: '\r\nSet-Cookie: a=b' }), 200],
    [`{"__proto__":{"inputs":1},"inputs":[${JSON.stringify(image)}]}`, 200],
  ]
  for (const [body, status] of cases) {
    const answer = await ask(t, {
      path: '/v2/models/birds/infer',
      headers: ['Content-Type: application/json'],
      body: Buffer.from(body, body.startsWith('\xff') ? 'latin1' : 'utf8'),
    })
    t.is(answer.status, status, `${body.slice(0, 200)} ${answer.received}`)
    t.notRegex(answer.received, /^Set-Cookie/im)
  }
  await stillAnswers(t)
})

test('binary tensors whose lengths do not fit', async (t) => {
  const head = JSON.stringify({ inputs: [{ ...image, data: undefined, parameters: { binary_data_size: 3 } }] })
  const cases: readonly (readonly [length: string, tail: string, status: number])[] = [
    [String(head.length), 'abc', 200],
    [String(head.length), 'ab', 400],
    [String(head.length), 'abcd', 400],
    [String(head.length + 1), 'abc', 400],
    ['0', 'abc', 400],
    ['-1', 'abc', 400],
    ['1e3', 'abc', 400],
    ['99999999999999999999', 'abc', 400],
    ['x', 'abc', 400],
    ['', 'abc', 400],
  ]
  for (const [length, tail, status] of cases) {
    const answer = await ask(t, {
      path: '/v2/models/birds/infer',
      headers: [`Inference-Header-Content-Length: ${length}`],
      body: head + tail,
    })
    t.is(answer.status, status, `${length} ${tail} ${answer.received}`)
  }
})

test('addresses that lead nowhere, and methods that are not taken', async (t) => {
  const cases: readonly (readonly [method: string, path: string, status: number])[] = [
    ['GET', '/nothing', 404],
    ['GET', '/../../etc/passwd', 404],
    ['GET', '/..%2f..%2fetc%2fpasswd', 404],
    ['GET', '//attacker.example/', 404],
    ['GET', '/%ff%fe', 400],
    ['GET', '/%', 400],
    ['GET', '/v2/models/..%2f..%2fbirds', 404],
    ['POST', '/v2/models/%2e%2e/infer', 404],
    ['POST', '/v2/models/__proto__/infer', 404],
    ['POST', '/v2/models/birds%00/infer', 404],
    ['GET', '/v2/models/birds%0d%0aSet-Cookie:%20a=b', 404],
    ['GET', `/${'a'.repeat(10_000)}`, 404],
    ['GET', `/${'a'.repeat(100_000)}`, 431],
    ['GET', 'http://attacker.example/', 400],
    ['OPTIONS', '*', 400],
    ['GET', '/predict', 405],
    ['PUT', '/predict', 405],
    ['DELETE', '/v2/models/birds', 405],
    ['POST', '/', 405],
    ['TRACE', '/', 405],
    ['OPTIONS', '/predict', 405],
    ['HEAD', '/v2', 200],
    ['POST', '/predict?top=0', 400],
    ['POST', '/predict?top=x', 400],
  ]
  for (const [method, path, status] of cases) {
    const answer = await ask(t, { method, path, headers: [jpeg], body: method === 'POST' ? photo : '' })
    t.is(answer.status, status, `${method} ${path.slice(0, 100)}`)
    t.notRegex(answer.received, /^Set-Cookie/im)
  }
  for (const garbage of [
    '\r\n\r\nGET',
    'HELO mail\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000',
    'GET / HTTP/9.9\r\n\r\n',
  ])
    t.true((statusesOf(await sentRaw(open.port, [`${garbage}\r\n\r\n`]))[0] ?? 400) >= 400, garbage)
  const twice = `GET /v2 HTTP/1.1\r\nHost: 127.0.0.1:${open.port}\r\nX: ${'h'.repeat(20_000)}\r\n\r\n`
  t.deepEqual(statusesOf(await sentRaw(open.port, [twice])), [431])
  await stillAnswers(t)
})

test('requests that are sent at once are answered in their order', async (t) => {
  const host = `Host: 127.0.0.1:${open.port}`
  const predict = `POST /predict HTTP/1.1\r\n${host}\r\n${jpeg}\r\nContent-Length: ${photo.length}\r\n\r\n`
  const get = (path: string, last = '') => `GET ${path} HTTP/1.1\r\n${host}\r\n${last}\r\n`
  const received = await sentRaw(open.port, [
    Buffer.concat([Buffer.from(predict), photo, Buffer.from(get('/nothing') + get('/v2', 'Connection: close\r\n'))]),
  ])
  t.deepEqual(statusesOf(received), [200, 404, 200])
  const mixed = await sentRaw(open.port, [
    Buffer.concat([Buffer.from(predict), photo, Buffer.from('no request\r\n\r\n')]),
  ])
  t.is(statusesOf(mixed)[0], 200)
})

test('other names of this machine and pages of other sites are refused', async (t) => {
  const own = `127.0.0.1:${open.port}`
  const cases: readonly (readonly [headers: readonly string[], status: number])[] = [
    [['Host: attacker.example'], 403],
    [[`Host: attacker.example:${open.port}`], 403],
    [['Host: 127.0.0.1'], 403],
    [[`Host: LOCALHOST:${open.port}`], 200],
    [[`Host: ${own}`, 'Origin: https://attacker.example'], 403],
    [[`Host: ${own}`, 'Origin: null'], 403],
    [[`Host: ${own}`, `Origin: http://${own}`], 200],
    [[`Host: ${own}`, 'Sec-Fetch-Site: cross-site'], 403],
    [[`Host: ${own}`, 'Sec-Fetch-Site: same-site'], 403],
    [[`Host: ${own}`, 'Sec-Fetch-Site: cross-site', `Origin: http://${own}`], 403],
    [[`Host: ${own}`, 'Sec-Fetch-Site: same-origin'], 200],
  ]
  for (const [headers, status] of cases) {
    const answer = await ask(t, { path: '/predict', headers: [...headers, jpeg], body: photo })
    t.is(answer.status, status, headers.join(', '))
    t.notRegex(answer.received, /^Access-Control-Allow/im)
  }
})

test('with a token, only who has it is answered', async (t) => {
  const secret = 'secret-token'
  const guarded = await openServer(model, { token: secret })
  const cases: readonly (readonly [path: string, method: string, header: string, status: number])[] = [
    ['/predict', 'POST', 'X: 1', 401],
    ['/predict', 'POST', 'Authorization: Bearer other', 401],
    ['/predict', 'POST', `Authorization: Basic ${secret}`, 401],
    ['/predict', 'POST', `Authorization: Bearer ${secret}`, 200],
    ['/metrics', 'GET', 'X: 1', 401],
    ['/v2/models/birds', 'GET', 'X: 1', 401],
    ['/v2/health/live', 'GET', 'X: 1', 200],
    ['/', 'GET', 'X: 1', 200],
  ]
  for (const [path, method, header, status] of cases) {
    const body = method === 'POST' ? photo : ''
    t.is((await ask(t, { method, path, headers: [header, jpeg], body }, guarded)).status, status, `${path} ${header}`)
  }
  await guarded.close()
})

/** Opens a connection that has sent all but the last byte of its request. */
function unfinished(port: number): Promise<{ finish: () => Promise<string>; abandon: () => void }> {
  return new Promise((settle) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => {
      const head = `POST /predict HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${jpeg}\r\nContent-Length: ${photo.length}\r\nConnection: close\r\n\r\n`
      socket.write(Buffer.concat([Buffer.from(head), photo.subarray(0, -1)]), () =>
        settle({
          abandon: () => socket.destroy(),
          finish: () => {
            socket.write(photo.subarray(-1))
            return closed
          },
        }),
      )
    })
    const closed = new Promise<string>((end) => {
      socket.on('close', () => end(received))
    })
    socket.setEncoding('latin1').on('data', (text: string) => {
      received += text
    })
    socket.on('error', () => undefined)
  })
}

/** Returns a metric of the server. */
async function figure({ address }: OpenServer, name: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text()
  return Number(present(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1], name))
}

test('more requests than fit are told to come again, and clients that leave make room', async (t) => {
  const small = await openServer(model, { queue: 2 })
  const held = await Promise.all([unfinished(small.port), unfinished(small.port)])
  await until('both are received', async () => (await figure(small, 'wsban_requests_in_flight')) === 2)
  const refused = await ask(t, { path: '/predict', headers: [jpeg], body: photo }, small)
  t.is(refused.status, 503)
  t.regex(refused.received, /^Retry-After: 1\r$/m)
  held[0]?.abandon()
  await until('one is gone', async () => (await figure(small, 'wsban_requests_in_flight')) === 1)
  await stillAnswers(t, small)
  t.deepEqual(statusesOf((await held[1]?.finish()) ?? ''), [200])
  t.true(small.log.some(({ status }) => status === 499))
  await small.close()
})

test('at the end, what is in flight is answered and what comes is not', async (t) => {
  const ending = await openServer(model)
  const held = await Promise.all(Array.from({ length: 12 }, () => unfinished(ending.port)))
  await until('all are received', async () => (await figure(ending, 'wsban_requests_in_flight')) === held.length)
  const stopped = ending.server.stop()
  t.is((await ask(t, { method: 'GET', path: '/v2/health/ready' }, ending)).status, 503)
  t.is((await ask(t, { method: 'GET', path: '/v2/health/live' }, ending)).status, 200)
  t.is((await ask(t, { path: '/predict', headers: [jpeg], body: photo }, ending)).status, 503)
  const answers = await Promise.all(held.map(({ finish }) => finish()))
  t.deepEqual(
    answers.map((answer) => statusesOf(answer)),
    held.map(() => [200]),
  )
  await stopped
  await ending.served.close()
  await t.throwsAsync(fetch(ending.address))
})

test('the end does not wait for ever for what does not come', async (t) => {
  const ending = await openServer(model, { timeout: serveDefaults.timeout / 100 })
  const held = await unfinished(ending.port)
  await ending.close()
  // 503 if the shutdown came first.
  t.true([408, 503].includes(statusesOf(await held.finish())[0] ?? 0))
})
