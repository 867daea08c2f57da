/** The kinds of line that programs of their own have. */
import { LINE_PROGRAM_SCHEMES } from '../../formats/line-path.ts'
import { LINE_SOCKETS_DIRECTORY } from '../../formats/line-spec.ts'
import type { OpenLine } from '../line/line.ts'
import { openSocketLine } from './socket-line.ts'

/** @param env `$OOBM_LINE_SOCKETS` where there is no systemd */
export function lineProgramSchemes(env: NodeJS.ProcessEnv): Record<string, OpenLine> {
  const open = openSocketLine(env.OOBM_LINE_SOCKETS ?? LINE_SOCKETS_DIRECTORY)
  return Object.fromEntries(LINE_PROGRAM_SCHEMES.map(scheme => [scheme, open]))
}
