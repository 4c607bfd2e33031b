import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { findImages } from '../../../runtime/data/walk.js'
import { Failure } from '../../../runtime/failure.js'

/** An image and its path below the folder that was named, or its name. */
export interface ImagePath {
  readonly path: string
  readonly below: string
}

/**
 * Returns the images at the given paths: files, and all images in and below folders.
 *
 * @throws Failure `no-images` for a folder without any
 */
export async function imagePaths(given: readonly string[]): Promise<readonly ImagePath[]> {
  const paths: ImagePath[] = []
  for (const path of given) {
    const isFolder = await stat(path).then(
      (found) => found.isDirectory(),
      // A missing file is reported with the other unreadable ones.
      () => false,
    )
    if (!isFolder) {
      paths.push({ path, below: path })
      continue
    }
    const { images } = await findImages(path)
    if (images.length === 0)
      throw new Failure({
        code: 'no-images',
        message: `${path} holds no images`,
        help: 'give image files, or a folder with some in it or below it',
        path,
      })
    paths.push(...images.map((below) => ({ path: join(path, below), below })))
  }
  return paths
}
