import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { drawSvg } from '../../runtime/images/sharp.js'

/** Red discs and blue squares on noisy ground, at random places: 8 of each to train on, 3 to check on. Names that need escaping. */
export async function drawShapes(folder: string): Promise<void> {
  const shapes = {
    'red "disc"': '<circle cx="X" cy="Y" r="14" fill="#d22"/>',
    'blue <square>': '<rect x="X" y="Y" width="26" height="26" fill="#22d"/>',
  }
  for (const [split, count] of [
    ['train', 8],
    ['val', 3],
  ] as const)
    for (const [name, shape] of Object.entries(shapes)) {
      mkdirSync(join(folder, split, name), { recursive: true })
      for (let i = 0; i < count; i++) {
        const place = (factor: number) => String(24 + ((i * factor) % 50))
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="100"><rect width="120" height="100" fill="hsl(${i * 40} 20% 60%)"/>${shape.replace('X', place(17)).replace('Y', place(11))}</svg>`
        await drawSvg((sharp) =>
          sharp(Buffer.from(svg))
            .jpeg()
            .toFile(join(folder, split, name, `${i}.jpg`)),
        )
      }
    }
}
