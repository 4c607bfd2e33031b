import test from 'ava'
import { backboneNames, publishedBackbone } from '../../compiler/backbones/published.js'
import { packageRoot } from '../../runtime/package_root.js'
import { wsbanIn } from '../support/commands.js'

const wsban = wsbanIn(packageRoot())

test('backbones lists names that fit a filter, with their figures', (t) => {
  const { status, out } = wsban('backbones', 'resnet18.tv')
  t.is(status, 0)
  t.regex(out, /^resnet18\.tv_in1k +11\.7 M +1\.82 G +69\.7\d % +224 +bsd-3-clause$/m)
  t.regex(out, /^1 published sets? of weights/m)
})

test('backbones takes any text for a star, and prints all there is as JSON', (t) => {
  const { backbones } = JSON.parse(wsban('backbones', 'ResNet*tv_*', '--json').out)
  t.true(backbones.length > 2)
  for (const { name } of backbones) t.regex(name, /resnet.*tv_/)
  t.is(JSON.parse(wsban('backbones', '--json').out).backbones.length, backboneNames.length)
})

test('backbones names the nearest where none fits', (t) => {
  const { status, err } = wsban('backbones', 'resnet81')
  t.is(status, 1)
  t.regex(err, /no published backbone has a name with resnet81/)
  t.regex(err, /did you mean resnet\d+\?/)
})

test('a name without a tag means the usual weights', (t) => {
  t.is(publishedBackbone('resnet18')?.name, 'resnet18.a1_in1k')
  t.is(publishedBackbone('resnet18.tv_in1k')?.name, 'resnet18.tv_in1k')
  for (const name of ['resnet18.', 'resnet18.no', '', 'toString', '__proto__']) t.is(publishedBackbone(name), undefined)
})
