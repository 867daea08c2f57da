/** Whether a real serial port can take the simulator's place. */
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { EXIT, errorCode, UserError } from '../runtime/errors.ts'

/** @throws UserError that says what to do when there is no such port, or this user may not open it */
export async function assertUsablePort(path: string): Promise<void> {
  try {
    if (!(await stat(path)).isCharacterDevice()) {
      throw new UserError(`${path} is not a serial port: it should be something like /dev/ttyUSB0.`, EXIT.usage)
    }
    await access(path, constants.R_OK | constants.W_OK)
  } catch (err) {
    if (errorCode(err) === 'ENOENT') {
      const hint = 'Plug the adapter in, and look for its name with: ls -l /dev/serial/by-id/ /dev/ttyUSB* /dev/ttyACM*'
      throw new UserError(`${path}: there is no such serial port. ${hint}`, EXIT.unavailable, { cause: err })
    }
    if (errorCode(err) === 'EACCES' || errorCode(err) === 'EPERM') {
      const { username } = userInfo()
      const remedy = `sudo usermod -aG dialout ${username}, then log out and in again.`
      throw new UserError(
        `${path}: you (${username}) may not open it. Serial ports belong to the group dialout: ${remedy}`,
        EXIT.unavailable,
        { cause: err },
      )
    }
    throw err
  }
}
