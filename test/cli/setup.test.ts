import { join } from 'node:path'
import test from 'ava'
import { fakePython, pythonAnswer, pythonThatSays } from '../engines/fake_python.js'
import { freshFolder, withEnvironment } from '../engines/folders.js'
import { json, wsbanIn } from '../support/commands.js'

test.serial('setup pytorch: what people read goes to standard error, --json is one document', (t) => {
  const wsban = wsbanIn(freshFolder(t))
  const python = pythonThatSays(t, pythonAnswer())
  withEnvironment(t, { WSBAN_PYTHON: python, WSBAN_CACHE: join(freshFolder(t), 'cache') })
  const plain = wsban('setup', 'pytorch')
  t.is(plain.status, 0, plain.err)
  t.is(plain.out, '')
  t.is(
    plain.err,
    `PyTorch 2.9.1+cpu is the one that WSBAN_PYTHON names, and works: ${python}\ntorchvision 0.24.1, safetensors 0.6.2; computes on cpu\n`,
  )
  t.like(json(wsban('setup', 'pytorch', '--json')), {
    engine: 'pytorch',
    python,
    place: 'WSBAN_PYTHON',
    torch: '2.9.1+cpu',
    torchvision: '0.24.1',
    safetensors: '0.6.2',
    gpu: false,
    already: true,
  })
  const card = wsban('setup', 'pytorch', '--gpu', '--json')
  t.is(card.status, 1)
  t.like(json(card), { ok: false })
  t.regex(card.err, /^error\[no-graphics-card\]: PyTorch 2\.9\.1\+cpu is there and works/)
})

test.serial('setup pytorch: a Python that is none, and flags that are not for it', (t) => {
  const wsban = wsbanIn(freshFolder(t))
  withEnvironment(t, { WSBAN_PYTHON: fakePython(t, 'echo hello') })
  const wrong = wsban('setup', 'pytorch')
  t.is(wrong.status, 1)
  t.regex(
    wrong.err,
    /^error\[pytorch-missing\]: WSBAN_PYTHON names .* did not answer as a Python does\n {2}help: name a/,
  )
  const flag = wsban('setup', 'pytorch', '--cuda-libraries')
  t.is(flag.status, 2)
  t.regex(flag.err, /^error\[wrong-usage\]: --cuda-libraries is for tfjs-node/)
  t.is(wsban('setup', 'pytoch').status, 2)
})
