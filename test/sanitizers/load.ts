/** Imported (--import) by every process of these checks: loads the addon named by `WSBAN_CHECKED_ADDON` instead of the engine's. */
import { loadNative } from '../../runtime/engines/native.js'
import { engine } from './build.js'

const addon = process.env.WSBAN_CHECKED_ADDON
if (addon !== undefined) loadNative({ ...(await engine()), addon })
