/** Says in advance why a device file cannot be opened: serialport's errors have no code. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { errorCode, errorMessage, UserError } from '../../runtime/errors.ts'

/**
 * @returns its device number
 * @throws UserError that says what to do: not plugged in, not permitted
 */
export async function checkDevice(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (!found.isCharacterDevice()) throw new UserError(`${path} is not a serial device`)
    await access(path, constants.R_OK | constants.W_OK)
    return found.rdev
  } catch (err) {
    if (err instanceof UserError) throw err
    throw new UserError(describe(path, err), undefined, { cause: err })
  }
}

function describe(path: string, err: unknown): string {
  switch (errorCode(err)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `${path} does not exist: the adapter is unplugged, or has another name`
    case 'EACCES':
      return `no permission for ${path}: the user of this program must be in the group that owns it (dialout)`
    default:
      return `${path} cannot be used: ${errorMessage(err)}`
  }
}
