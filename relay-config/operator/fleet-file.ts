/** Reads the text of the fleet file. */
import { existsSync, realpathSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { decodeAsWritten } from '../../runtime/decode-text.ts'
import { EXIT, errorCode, UserError } from '../../runtime/errors.ts'
import { type Fleet, parseFleet } from '../fleet/fleet-config.ts'
import { relayPaths } from '../relay/relay-paths.ts'

/**
 * With its line ends, for commands that change it.
 * @throws UserError with exit code 78 that says where to find or make one
 */
export async function readFleetText(file: string): Promise<string> {
  let bytes: Uint8Array
  try {
    // From ssh a program gets a socket as its standard input, which has no name to open.
    bytes = await (file === '-' ? buffer(process.stdin) : readFile(file))
  } catch (err) {
    const isRelay = existsSync(relayPaths().state)
    const advice = isRelay
      ? 'this host is a relay: run this where the operator works, or name a file with --fleet'
      : 'run this in its folder, name it with --fleet or $OOBM_FLEET, or make one with "oobm-relay init"'
    throw new UserError(`cannot read ${file} (${errorCode(err)}): ${advice}`, EXIT.configuration, { cause: err })
  }
  return decodeAsWritten(file, bytes)
}

/** What gives the fleet as it is now: the file is read again when it was replaced, as by a push. */
export function rereadFleet(file: string, first: Fleet): () => Promise<Fleet> {
  let fleet = first
  let seen: string | undefined
  return async () => {
    const { ino, mtimeMs } = await stat(file).catch(() => ({ ino: 0, mtimeMs: 0 }))
    const now = `${ino} ${mtimeMs}`
    // What cannot be read or is wrong at this moment changes nothing.
    if (seen !== undefined && seen !== now) {
      fleet = await readFleetText(file).then(
        text => parseFleet(file, text),
        () => fleet,
      )
    }
    seen = now
    return fleet
  }
}

/**
 * Only the next `apply` changes the file that is in force on a relay, and no private key is made beside it.
 * @throws UserError for that file
 */
export function refuseApplied(command: string, file: string): void {
  const { fleet } = relayPaths()
  if (!existsSync(fleet) || !existsSync(file) || realpathSync(file) !== realpathSync(fleet)) return
  const advice = 'run it where the operator works, then "oobm-relay push"'
  throw new UserError(`${file} is the relay's copy, which "oobm-relay ${command}" does not use: ${advice}`, EXIT.usage)
}

/** Reads the fleet file again each time, and parses it when it has changed. */
export class FleetReader {
  readonly #file: string
  #last: { text: string; fleet: Fleet } | undefined

  constructor(file: string) {
    this.#file = file
  }

  async read(): Promise<Fleet> {
    const text = await readFleetText(this.#file)
    if (this.#last?.text !== text) this.#last = { text, fleet: parseFleet(this.#file, text) }
    return this.#last.fleet
  }
}
