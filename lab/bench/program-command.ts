/** How a program is started here: as on a device. */
import { join } from 'node:path'

const BUILD = join(import.meta.dirname, '../../build/lib')

/** @param program `oobm-supervisor`, `oobm-console`, `oobm` or `oobm-relay` */
export function programCommand(program: string): string[] {
  return [process.execPath, join(BUILD, `${program}.cjs`)]
}
