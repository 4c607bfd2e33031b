import test from 'ava'
import { operations } from '../../compiler/ops/index.js'
import { scopeOf, uncoloured } from '../../editors/language/textmate.js'
import { lexer } from '../../grammar/tokens.js'
import { specs } from '../support/mutations.js'
import { type Coloured, colourer } from '../support/textmate.js'

const nowhere: Pick<Coloured, 'scopes'> = { scopes: [] }

test('every token of the language has a colour, or is known to need none', (t) => {
  t.deepEqual(uncoloured(), [])
})

test('in all models and fixtures, every token has the colour that the lexer gives it', async (t) => {
  const colour = await colourer()
  let seen = 0
  for (const text of specs) {
    const coloured = colour(text)
    const { tokens, groups } = lexer.tokenize(text)
    const all = [...tokens, ...(groups.comments ?? [])].sort((a, b) => a.startOffset - b.startOffset)
    all.forEach((token, index) => {
      const { startOffset, image, tokenType } = token
      const [before, next] = [all[index - 1]?.image, all[index + 1]?.image]
      // After a dot and before `=` keywords are names; so are a unit without its number and `named` without its string.
      const isName =
        /^[a-z]/.test(image) &&
        (before === '.' ||
          next === '=' ||
          (tokenType.name === 'Unit' && !/^\d/.test(before ?? '')) ||
          (tokenType.name === 'Named' && !next?.startsWith('"')))
      const scope = scopeOf.get(tokenType)
      if (scope === undefined || isName) return
      seen++
      const { scopes } = coloured.findLast(({ start }) => start <= startOffset) ?? nowhere
      if (!scopes.includes(scope))
        t.fail(
          `${image} is ${scopes.join(' ')}, not ${scope}, in\n${text.slice(Math.max(0, startOffset - 60), startOffset + 20)}`,
        )
    })
  }
  t.true(seen > 2000)
})

test('operations, blocks, arguments and bindings are distinguished', async (t) => {
  const colour = await colourer()
  const text = 'block b(x) {\n  bn2 = conv2d(x, kernel = 3) -> relu -> mine(x, loss = 2 epochs)\n  return bn2.train\n}'
  const scopeAt = (word: string) => {
    const at = text.indexOf(word)
    return colour(text)
      .findLast(({ start }) => start <= at)
      ?.scopes.at(-1)
  }
  t.is(scopeAt('conv2d'), 'support.function.wsban')
  t.is(scopeAt('relu'), 'support.function.wsban')
  t.is(scopeAt('mine'), 'entity.name.function.wsban')
  t.is(scopeAt('kernel'), 'variable.parameter.wsban')
  t.is(scopeAt('loss'), 'variable.parameter.wsban')
  t.is(scopeAt('epochs'), 'keyword.other.unit.wsban')
  t.is(scopeAt('bn2 ='), 'variable.other.assignment.wsban')
  t.is(scopeAt('2 ='), 'variable.other.assignment.wsban')
  t.is(scopeAt('2.train'), 'source.wsban')
  t.is(scopeAt('train'), 'variable.other.property.wsban')
  for (const name of operations.keys())
    t.true(
      colour(`x = ${name}(y)`).some(({ scopes }) => scopes.at(-1) === 'support.function.wsban'),
      name,
    )
})
