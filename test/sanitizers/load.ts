/** Preloaded (--import) into every process of these checks: the addon of `WSBAN_CHECKED_ADDON` instead of the engine's own. */
import { loadNative } from '../../runtime/engines/native.js'
import { engine } from './build.js'

const addon = process.env.WSBAN_CHECKED_ADDON
if (addon !== undefined) loadNative({ ...(await engine()), addon })
