/** Reads the text of the fleet file. */
import { readFile } from 'node:fs/promises'
import { EXIT, errorCode, UserError } from '../runtime/errors.ts'

/** @throws UserError with exit code 78 that says where one comes from */
export async function readFleetText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (err) {
    const advice = 'name one with --fleet or $OOBM_FLEET, or make one with "oobm-relay init"'
    throw new UserError(`cannot read ${file} (${errorCode(err)}): ${advice}`, EXIT.configuration, { cause: err })
  }
}
