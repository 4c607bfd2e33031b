/** Makes the extension: `npx tsx editors/vscode/package.ts [FILE]` writes wsban.vsix, which `code --install-extension` takes. */
import { createWriteStream } from 'node:fs'
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build } from 'esbuild'
import yazl from 'yazl'
import * as z from 'zod'
import { embedded } from '../../cli/bootstrap/embedded.mjs'

const here = fileURLToPath(new URL('.', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))
const asIs = ['README.md', 'language-configuration.json', 'syntaxes', 'snippets', 'figure.css', 'icon.png', 'icon.svg']

/** Names that bundled CommonJS code uses and an ES module lacks. */
const commonJs = [
  "import { createRequire as __createRequire } from 'node:module'",
  "import { fileURLToPath as __fileURLToPath } from 'node:url'",
  'const require = __createRequire(import.meta.url), __filename = __fileURLToPath(import.meta.url), __dirname = __fileURLToPath(new URL(".", import.meta.url));',
].join(';')

/** Writes the contents of the extension's folder. */
export async function assemble(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  for (const name of asIs) await cp(join(here, name), join(folder, name), { recursive: true })
  await cp(join(here, 'manifest.json'), join(folder, 'package.json'))
  await cp(join(root, 'models'), join(folder, 'models'), { recursive: true })
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE.txt'))
  const common: BuildOptions = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node18',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [...embedded],
  }
  await build({
    ...common,
    entryPoints: [join(here, 'figure_page.ts')],
    outfile: join(folder, 'figure.js'),
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
  })
  await build({
    ...common,
    entryPoints: [join(here, 'client.ts')],
    outfile: join(folder, 'client.cjs'),
    format: 'cjs',
    external: ['vscode'],
  })
  await build({
    ...common,
    stdin: {
      contents: "import { serveStandardStreams } from './editors/server/main.ts'\nawait serveStandardStreams()",
      resolveDir: root,
    },
    outdir: join(folder, 'server'),
    entryNames: 'server',
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    // Each target's generator is loaded on first use.
    splitting: true,
    banner: { js: commonJs },
  })
}

/** The folder as the package that Visual Studio Code installs. */
export async function pack(folder: string, file: string): Promise<void> {
  const manifest = extensionManifest.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
  const zip = new yazl.ZipFile()
  const add = (name: string, text: string) => zip.addBuffer(Buffer.from(text), name)
  add('extension.vsixmanifest', vsixManifest(manifest))
  add('[Content_Types].xml', contentTypes)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((item) => item.isFile())) {
    const path = join(entry.parentPath, entry.name)
    zip.addFile(path, `extension/${relative(folder, path).replaceAll('\\', '/')}`)
  }
  zip.end()
  await pipeline(zip.outputStream, createWriteStream(file))
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const extensionManifest = z.object({
  name: z.string(),
  publisher: z.string(),
  version: z.string(),
  displayName: z.string(),
  description: z.string(),
  engines: z.object({ vscode: z.string() }),
  categories: z.array(z.string()),
})

function vsixManifest(manifest: z.infer<typeof extensionManifest>): string {
  const { name, publisher, version, displayName, description, engines, categories } = manifest

  return `<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id="${escaped(name)}" Version="${escaped(version)}" Publisher="${escaped(publisher)}" />
    <DisplayName>${escaped(displayName)}</DisplayName>
    <Description xml:space="preserve">${escaped(description)}</Description>
    <Categories>${escaped(categories.join(','))}</Categories>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value="${escaped(engines.vscode)}" />
    </Properties>
    <Icon>extension/icon.png</Icon>
    <License>extension/LICENSE.txt</License>
  </Metadata>
  <Installation>
    <InstallationTarget Id="Microsoft.VisualStudio.Code" />
  </Installation>
  <Dependencies />
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true" />
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true" />
    <Asset Type="Microsoft.VisualStudio.Services.Icons.Default" Path="extension/icon.png" Addressable="true" />
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true" />
  </Assets>
</PackageManifest>
`
}

const contentTypes = `<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension=".json" ContentType="application/json" />
  <Default Extension=".vsixmanifest" ContentType="text/xml" />
  <Default Extension=".css" ContentType="text/css" />
  <Default Extension=".js" ContentType="application/javascript" />
  <Default Extension=".png" ContentType="image/png" />
  <Default Extension=".svg" ContentType="image/svg+xml" />
  <Default Extension=".md" ContentType="text/markdown" />
  <Default Extension=".txt" ContentType="text/plain" />
  <Default Extension=".cjs" ContentType="application/javascript" />
  <Default Extension=".mjs" ContentType="application/javascript" />
  <Default Extension=".wsban" ContentType="text/plain" />
</Types>
`

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = process.argv[2] ?? 'wsban.vsix'
  const folder = join(root, 'node_modules', '.wsban-vscode')
  await assemble(folder)
  await pack(folder, file)
  console.log(`wrote ${file}`)
}
