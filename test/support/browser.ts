import { existsSync } from 'node:fs'

/** A Chromium or Chrome; WSBAN_CHROMIUM names one. */
export const browserPath = [
  process.env.WSBAN_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium-browser',
].find((path) => path !== undefined && existsSync(path))
