import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { packageRoot } from '../../runtime/package_root.js'

const folders = ['grammar', 'compiler', 'runtime', 'cli', 'editors', 'bench', 'test']

/** Words that an established term has replaced, with that term. */
const retired: readonly (readonly [word: RegExp, term: string])[] = [
  [/\bworth\(/, 'evaluateExpression'],
  [/\b(?:is|are|was) worth\b(?! (?:little|its|keeping|it))/, 'value'],
  [/\bweighsLabels\b/, 'supportsMixup'],
  [/\bpassesInInference\b/, 'identityInInference'],
  [/\bbroken value\b/, 'error value'],
  [/\bnobody\b|\bsomebody\b/, 'no name for a person'],
  [/(?:\/\*\*|\/\/|#) What\b(?!ever)/, 'a noun phrase for what is described'],
  [/\b(?:mended|telling part|is told)\b/, 'fixed, discriminative part, reported'],
  [/\bsets? apart\b/i, 'held out'],
  [/\b(?:goes|going) on\b/i, 'resumes, continues'],
  [/\bstands (?:in|for)\b/, 'a verb for what is meant'],
  [/\bpictures?\b(?<!\bcontrol pictures?)(?<!such a picture)/i, 'image'],
  [/\bforesight\b|\bforeseen\b/i, 'shape cache'],
  [/\bsetAside\b|\baside\(/i, 'side stream'],
  [/\b(?:set)?AtOnce\b/i, 'blocking'],
  [/\bgiveUpInputs\b|\bgiven_up\b/i, 'donated inputs'],
  [/\bown_?operations?\b/i, 'custom op'],
  [/FOR_EACH_PROCESSOR/, 'target clones'],
  [/\bkeeps(?:Inputs|Outputs)\b/, 'savedInputs, savedOutputs'],
  [/\bmoved_(?:weight|mean|square|velocity|variance)\b/, 'new_...'],
  [/\bmendUtil\b/, 'restoreNodeUtil'],
  [/\bneed(?:Pip|Compiler|Space|BasePython)\b/, 'require...'],
  [/\bwhileTelling\b|\bTeller\b|\bteller\b/, 'report, reporter'],
  [/\bteam\./, 'process group'],
  [/\b(?:first_bad|cut_log|go_back_to)\b/, 'nonfinite, truncate, rewind'],
]

for (const folder of folders)
  test(`${folder}/ uses the terms of the field`, (t) => {
    const files = readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
    const found = files
      .filter((file) => /\.(?:ts|mjs|cc|h|py)$/.test(file) && !file.endsWith('vocabulary.test.ts'))
      .flatMap((file) => {
        const lines = readFileSync(join(packageRoot(), folder, file), 'utf8').split('\n')
        return lines.flatMap((line, index) =>
          retired.flatMap(([word, term]) =>
            word.test(line) ? [`${folder}/${file}:${index + 1}: ${line.trim()} (${term})`] : [],
          ),
        )
      })
    t.deepEqual(found, [])
  })
