/** Decrypts the secrets of a document with the device's own key: age(1), which reads keys of SSH. */
import { join } from 'node:path'
import spawn from 'nano-spawn'
import { secretPath } from '../device/import/plan-import.ts'
import { convertSecrets } from '../formats/sealed-settings.ts'
import { type ConnectivityAsWritten, connectivitySchema } from '../formats/settings-document.ts'
import { describePath } from '../formats/toml-file.ts'
import { UserError } from '../runtime/errors.ts'

/** Milliseconds for one secret. */
const LIMIT_MS = 60_000

/** @throws UserError, which repeats nothing of a secret */
export function openSecrets(connectivity: ConnectivityAsWritten, root: string): Promise<ConnectivityAsWritten> {
  const identity = join(root, secretPath('bridgeHostKey'))
  return convertSecrets(connectivity, connectivitySchema, async (sealed, path) => {
    try {
      const { stdout } = await spawn('age', ['--decrypt', '-i', identity], {
        stdin: { string: sealed },
        timeout: LIMIT_MS,
      })
      return stdout
    } catch (err) {
      const isMissing = (err as { cause?: { code?: unknown } }).cause?.code === 'ENOENT'
      throw new UserError(
        isMissing
          ? 'age is not installed on this device, and the document has encrypted secrets: sudo apt install age'
          : `connectivity.${describePath(path)}: cannot be decrypted with the key of this device`,
        undefined,
        { cause: err },
      )
    }
  })
}
