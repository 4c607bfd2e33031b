import test from 'ava'
import { displayNames } from '../../runtime/page/display_names.js'

test('numbers before the names of all classes, and underscores, are not shown', (t) => {
  t.deepEqual(displayNames(['001.Black_footed_Albatross', '002.Laysan_Albatross']), [
    'Black footed Albatross',
    'Laysan Albatross',
  ])
  t.deepEqual(displayNames(['n02085620-Chihuahua', 'n02085782-Japanese_spaniel']), ['Chihuahua', 'Japanese spaniel'])
  t.deepEqual(displayNames(['1_Löwenzahn', '12 - Rose']), ['Löwenzahn', 'Rose'])
})

test('a number that belongs to the name stays', (t) => {
  t.deepEqual(displayNames(['7_up', 'cola']), ['7 up', 'cola'])
  t.deepEqual(displayNames(['737-800', 'A320']), ['737-800', 'A320'])
  t.deepEqual(displayNames(['1.5', '2.5']), ['1.5', '2.5'])
})

test('classes that would share a name keep their own', (t) => {
  t.deepEqual(displayNames(['1.red_fox', '2.red fox', '3.wolf']), ['1.red_fox', '2.red fox', 'wolf'])
  t.deepEqual(displayNames(['_', '__']), ['_', '__'])
})
