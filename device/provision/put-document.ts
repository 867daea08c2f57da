/** Hands a settings document to `oobm-apply`: whoever brings one, it is the same door, and only `oobm-apply` verifies it. */
import { join } from 'node:path'
import { settingsSpool } from '../../formats/directories.ts'
import { EXIT, errorCode, errorMessage, UserError } from '../../runtime/errors.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'

/**
 * @param name letters, digits, `.`, `_` and `-`: how messages call it, with `.settings` after it
 * @throws UserError when it cannot be put there
 */
export async function putDocument(env: NodeJS.ProcessEnv, name: string, bytes: Uint8Array): Promise<void> {
  const spool = settingsSpool(env)
  try {
    await writeAtomically(join(spool, `${name}.settings`), bytes, 0o600)
  } catch (err) {
    const code = errorCode(err)
    if (code === 'ENOENT')
      throw new UserError(
        `there is no ${spool}: start this device anew, or run: sudo systemd-tmpfiles --create`,
        EXIT.unavailable,
      )
    if (code === 'EACCES' || code === 'EPERM')
      throw new UserError('this user may not bring settings: use sudo, or log in as a member of the group oobm')
    throw new UserError(`${spool}: ${errorMessage(err)}`, EXIT.failed, { cause: err })
  }
}
