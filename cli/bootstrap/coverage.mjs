/**
 * npm run coverage: which branches of the code the tests take, by Node's own counters (c8 reads them). With arguments, only the test files
 * (or ava patterns) named are run. Prints the branches of each part beside its goal, and the files that miss most; coverage/ has every line.
 *
 * Everything runs from source, the command line that the tests start as well: a bundle maps back to other positions than what tsx makes, and
 * one branch would be counted as two. Only the worker threads of dist/ are left out.
 */
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepare, root } from './prepare.mjs'
import { run } from './run.mjs'

/** In percent of branches. */
const parts = [
  { folders: ['grammar', 'compiler'], goal: 98 },
  { folders: ['runtime'], goal: 90 },
]
/** Code of a browser's page, which no Node process runs; test/page does in a browser. */
const excluded = ['runtime/page/!(write_page|display_names|read_samples).ts', '**/*.d.ts']
const listed = 25

await prepare()

const reports = join(root, 'coverage')
const counters = join(reports, 'counters')
await rm(reports, { recursive: true, force: true })
await mkdir(counters, { recursive: true })
const loader = pathToFileURL(join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs')).href
const tests = await run(
  process.execPath,
  [join(root, 'node_modules', 'ava', 'entrypoints', 'cli.mjs'), ...process.argv.slice(2)],
  {
    cwd: root,
    env: {
      ...process.env,
      NODE_V8_COVERAGE: counters,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${loader}`,
      WSBAN_COVERAGE: '1',
    },
  },
)

const folders = parts.flatMap((part) => part.folders)
const reported = await run(
  process.execPath,
  [
    join(root, 'node_modules', 'c8', 'bin', 'c8.js'),
    'report',
    ...['--temp-directory', counters, '--reports-dir', reports, '--reporter', 'json', '--reporter', 'html'],
    // Files that no test loads count, too.
    ...['--all', '--merge-async', '--exclude-after-remap', ...folders.flatMap((folder) => ['--src', folder])],
    ...folders.flatMap((folder) => ['--include', `${folder}/**/*.ts`]),
    ...excluded.flatMap((pattern) => ['--exclude', pattern]),
  ],
  { cwd: root },
)
if (reported !== 0) process.exit(reported)

const { transform } = await import('esbuild')
const files = []
for (const [name, file] of Object.entries(JSON.parse(await readFile(join(reports, 'coverage-final.json'), 'utf8')))) {
  const text = await readFile(name, 'utf8')
  // Types alone are nothing that could run: Node never loads such a file, and c8 counts it as one branch that is not taken.
  if ((await transform(text, { loader: 'ts' })).code === '') continue
  const lines = text.split('\n')
  const taken = Object.entries(file.branchMap).flatMap(([id, { locations }]) =>
    locations.flatMap((location, index) => (isOfTsx(lines, location) ? [] : [file.b[id][index] > 0])),
  )
  files.push({
    name: relative(root, name).split(sep).join('/'),
    total: taken.length,
    covered: taken.filter(Boolean).length,
  })
}

/** tsx lets each import() be followed by code of its own, whose branches c8 finds at the parenthesis that closes it. */
function isOfTsx(lines, { start, end }) {
  if (start.line !== end.line) return false
  const line = lines[start.line - 1] ?? ''
  return line.slice(0, start.column).includes('import(') && /^\)+[.,]?$/.test(line.slice(start.column, end.column))
}

let short = false
for (const { folders, goal } of parts) {
  const own = files.filter(({ name }) => folders.some((folder) => name.startsWith(`${folder}/`)))
  const [covered, total] = ['covered', 'total'].map((key) => own.reduce((sum, file) => sum + file[key], 0))
  const share = (100 * covered) / total
  short ||= !(share >= goal)
  console.log(
    `${folders.join('/, ')}/: ${covered} of ${total} branches, ${share.toFixed(2)} % (goal ${goal} %) in ${own.length} files`,
  )
  const missing = own.filter((file) => file.covered < file.total)
  missing.sort((a, b) => b.total - b.covered - (a.total - a.covered))
  for (const file of missing.slice(0, listed)) console.log(`  ${file.total - file.covered} not taken: ${file.name}`)
}
process.exit(tests !== 0 || short ? 1 : 0)
