import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = dirname(dirname(fileURLToPath(import.meta.url)))
const grammar = JSON.parse(
  readFileSync(join(docs, '..', 'editors', 'vscode', 'syntaxes', 'wsban.tmLanguage.json'), 'utf8'),
)

/** Returns sidebar entries for the pages of a folder, sorted by name. */
async function pagesOf(folder) {
  const names = (await readdir(join(docs, folder))).filter((name) => name.endsWith('.md')).sort()
  return names.map((name) => {
    const page = name.replace(/\.md$/, '')
    return { text: page, link: `/${folder}/${page}` }
  })
}

const section = (text, pages) => ({ text, items: pages.map(([title, link]) => ({ text: title, link })) })

export default defineConfig({
  title: 'wsban',
  description: 'A small declarative language for weakly supervised attention models, and its compiler.',
  outDir: join(docs, 'dist'),
  // The site can be served from any folder.
  base: process.env.WSBAN_DOCS_BASE ?? '/',
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    languages: [
      { ...grammar, name: 'wsban' },
      { name: 'files', scopeName: 'text.files', patterns: [], repository: {} },
    ],
  },
  themeConfig: {
    // The search index is part of the site, so no server is needed.
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      section('Getting started', [
        ['Overview', '/'],
        ['From your photos to a web page', '/tutorial'],
        ['The command line', '/command_line'],
        ['Data sets', '/data'],
        ['Several labels and values', '/labels'],
        ['Losses of pairs', '/pairs'],
        ['Training', '/training'],
        ['The exported ONNX file', '/onnx'],
        ['Deployment', '/deploy'],
        ['Serving a model', '/serve'],
        ['PyTorch', '/pytorch'],
      ]),
      section('The language', [
        ['The language', '/language'],
        ['Models and backbones', '/models'],
        ['The methods', '/methods'],
        ['Writing a backbone', '/backbone'],
        ['Weights', '/weights'],
        ['Settings', '/settings'],
        ['Diagnostics', '/diagnostics'],
        ['Glossary', '/glossary'],
      ]),
      section('Tools', [
        ['Editor support', '/editors'],
        ['The JavaScript library', '/api'],
        ['Engines', '/engines'],
      ]),
      section('Internals', [
        ['How the compiler works', '/compiler'],
        ['Adding an operation', '/add_an_operation'],
      ]),
      {
        text: 'Playground',
        items: [{ text: 'Try it in the browser', link: '/playground/index.html', target: '_blank' }],
      },
      { text: 'Operations', link: '/operations', collapsed: true, items: await pagesOf('operations') },
    ],
  },
})
