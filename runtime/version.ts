/** The version of this software, as `--version` prints it and the status carries it. */
import manifest from '../package.json' with { type: 'json' }

export const VERSION: string = manifest.version
