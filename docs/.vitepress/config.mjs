import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const docs = dirname(dirname(fileURLToPath(import.meta.url)))
const grammar = JSON.parse(
  readFileSync(join(docs, '..', 'editors', 'vscode', 'syntaxes', 'wsban.tmLanguage.json'), 'utf8'),
)

/** The generated pages of a folder, by their names. */
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
  description: 'A small language for weakly supervised attention models, and its compiler.',
  outDir: join(docs, 'dist'),
  // Opened from any folder of any server.
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
    // The index is part of the site: no server is asked.
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      section('Start', [
        ['What it is', '/'],
        ['From your photos to a web page', '/tutorial'],
        ['Your images', '/data'],
        ['Training', '/training'],
        ['The exported file', '/onnx'],
        ['Running it elsewhere', '/deploy'],
        ['PyTorch', '/pytorch'],
      ]),
      section('The language', [
        ['The language', '/language'],
        ['Models and backbones', '/models'],
        ['The methods', '/methods'],
        ['A backbone of your own', '/backbone'],
        ['Weights', '/weights'],
        ['Settings of training and images', '/settings'],
        ['Diagnostics', '/diagnostics'],
      ]),
      section('Tools', [
        ['Editors', '/editors'],
        ['In a program', '/api'],
        ['Engines', '/engines'],
      ]),
      section('Inside', [
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
