/** The present state in a file, in place of an LED: for the lab, and for machines that have none. */
import { writeAtomically } from '../../runtime/write-atomically.ts'
import type { Candidate } from './led-backend.ts'

/** The file's content when nothing runs: an LED would be dark. */
export const DARK = 'off'

/** The file holds one state and a line end, and is replaced only when the state changes. */
export function findFile(path: string): Candidate {
  const write = (state: string) => writeAtomically(path, `${state}\n`, 0o644)
  const description = `file ${path}`
  return {
    description,
    open: () => ({ description, flashes: false, off: [], draw: state => write(state), close: () => write(DARK) }),
  }
}
