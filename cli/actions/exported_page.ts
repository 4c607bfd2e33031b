import { join } from 'node:path'
import { readSamples } from '../../runtime/page/read_samples.js'
import type { SamplePhoto } from '../../runtime/page/settings.js'
import { checkPageFolder, type PageContent, writePage } from '../../runtime/page/write_page.js'

/** The web page of an export. Its folder and sample photos are checked before the model is exported, which may take long. */
export class ExportedPage {
  private constructor(
    private readonly folder: string,
    private readonly title: string | undefined,
    private readonly samples: readonly SamplePhoto[],
  ) {}

  /** @throws Failure `file-exists`, or for a sample photo that cannot be read */
  static async open(
    folder: string,
    { title, sample = [] }: { readonly title?: string; readonly sample?: readonly string[] },
  ): Promise<ExportedPage> {
    await checkPageFolder(folder)
    return new ExportedPage(folder, title, await readSamples(sample))
  }

  /** The file that is to be opened. */
  get file(): string {
    return join(this.folder, 'index.html')
  }

  /** @throws Failure `cannot-write`, `file-exists` */
  async write({ name, ...content }: Omit<PageContent, 'title' | 'samples'> & { readonly name: string }): Promise<void> {
    await writePage(this.folder, { ...content, title: this.title ?? name, samples: this.samples })
  }
}
