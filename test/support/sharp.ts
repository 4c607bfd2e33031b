import { loadSharp } from '../../runtime/images/sharp.js'

/**
 * sharp with wsban's list of loaders already in force. libvips has one list for the process and refuses every image for the moment in which
 * it is set, so a test that decodes images of its own must not do so while the code under test loads sharp.
 */
export const sharp = await loadSharp()
