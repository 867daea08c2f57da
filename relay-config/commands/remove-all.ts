/** `oobm-relay remove --all`: on a dedicated relay, takes away all that `apply` made there. */
import { EXIT } from '../../runtime/errors.ts'
import { pathsOf, requireRoot } from '../apply/prepare.ts'
import { takeLock } from '../apply/relay-state.ts'
import { removeRelay } from '../apply/remove-relay.ts'
import { askSshd, sshdService } from '../apply/sshd-service.ts'
import type { BareInput } from './command.ts'

export async function removeAll({ values, print }: BareInput): Promise<number> {
  requireRoot()
  const paths = pathsOf(values)
  const unlock = await takeLock(`${paths.pidFile}.lock`)
  try {
    const withoutSystemd = values['no-systemd'] === true
    const { path } = await askSshd()
    const done = await removeRelay(paths, sshdService(paths, path, withoutSystemd), !withoutSystemd)
    for (const line of done) print(line)
    return EXIT.ok
  } finally {
    await unlock()
  }
}
