import { readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'
import { withSynonyms } from './synonyms.ts'

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

const { version } = JSON.parse(readFileSync(join(docs, '..', 'package.json'), 'utf8'))
// The project has no home of its own: whoever publishes the site says where the sources are.
const repository = process.env.WSBAN_DOCS_REPOSITORY
const icon =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><rect width='16' height='16' rx='3' fill='%23e4572e'/><rect x='4' y='4' width='6' height='6' fill='none' stroke='white' stroke-width='1.6'/></svg>"

const section = (text, pages) => ({ text, items: pages.map(([title, link]) => ({ text: title, link })) })

export default defineConfig({
  title: 'wsban',
  description: 'A small declarative language for weakly supervised attention models, and its compiler.',
  outDir: join(docs, 'dist'),
  // The site can be served from any folder.
  base: process.env.WSBAN_DOCS_BASE ?? '/',
  head: [['link', { rel: 'icon', href: icon }]],
  cleanUrls: false,
  lastUpdated: false,
  markdown: {
    // Letters of code have enough contrast for WCAG AA in these.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    math: true,
    languages: [
      { ...grammar, name: 'wsban' },
      { name: 'files', scopeName: 'text.files', patterns: [], repository: {} },
    ],
  },
  themeConfig: {
    // The search index is part of the site, so no server is needed.
    search: { provider: 'local', options: { miniSearch: { searchOptions: { processTerm: withSynonyms } } } },
    outline: [2, 3],
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Language', link: '/language' },
      { text: 'Methods', link: '/methods' },
      { text: 'Playground', link: '/playground/index.html', target: '_blank' },
      { text: `version ${version}`, link: '/command_line' },
    ],
    ...(repository && { socialLinks: [{ icon: 'github', link: repository, ariaLabel: 'Source code' }] }),
    sidebar: [
      section('Getting started', [
        ['From your photos to a web page', '/tutorial'],
        ['The command line', '/command_line'],
        ['Data sets', '/data'],
        ['Several labels and values', '/labels'],
        ['Losses of pairs', '/pairs'],
        ['Training', '/training'],
        ['Cached features', '/cached_features'],
        ['The exported ONNX file', '/onnx'],
        ['Cascades', '/cascade'],
        ['Deployment', '/deploy'],
        ['Serving a model', '/serve'],
        ['Publishing on the Hub', '/hub'],
        ['PyTorch', '/pytorch'],
      ]),
      section('The language', [
        ['The language', '/language'],
        ['Models and backbones', '/models'],
        ['The methods', '/methods'],
        ['From a figure to a spec', '/from_figure_to_spec'],
        ['Writing a backbone', '/backbone'],
        ['Weights', '/weights'],
        ['Settings', '/settings'],
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
      { text: 'Diagnostics', link: '/diagnostics', collapsed: true, items: await pagesOf('diagnostics') },
    ],
  },
})
