/** The accounts of a dedicated relay: one for all devices, one for each technician; and the steps that make them. */
import type { PasswdEntry } from '../../../runtime/passwd.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'

/** Uid of the devices' account: the one below the technicians'. */
export const DEVICE_UID = 19_999

/** The comment field of our accounts: an account without it is not ours, whatever the record says. */
export const ACCOUNT_MARK = 'oobm-relay'

/** A shell that can run a forced command: with nologin, sshd runs nothing (sshd(8)). */
export const ACCOUNT_SHELL = '/bin/sh'

export interface Account {
  name: string
  uid: number
}

export type AccountStep =
  | { do: 'add'; account: Account }
  | { do: 'rename'; account: Account; from: string }
  | { do: 'set shell'; account: Account }
  | { do: 'remove'; account: Account }

export interface AccountPlan {
  steps: AccountStep[]
  /** What prevents it, each a sentence. */
  conflicts: string[]
}

export function accountsOf(fleet: Fleet, { user }: Relay): Account[] {
  // With a dedicated relay, the fleet file requires a uid of each technician.
  return [{ name: user, uid: DEVICE_UID }, ...fleet.technicians.map(({ name, uid = 0 }) => ({ name, uid }))]
}

/**
 * The steps from the present accounts to those wanted. The uid identifies a person: the same uid with another name is a rename.
 * @param made the accounts that are recorded as made by us
 */
export function planAccounts(wanted: Account[], there: PasswdEntry[], made: Account[]): AccountPlan {
  const ours = there.filter(
    ({ name, uid, comment }) =>
      comment === ACCOUNT_MARK && made.some(account => account.name === name || account.uid === uid),
  )
  const kept = new Set<PasswdEntry>()
  const steps: AccountStep[] = []
  const conflicts: string[] = []
  for (const account of wanted) {
    const byUid = there.find(entry => entry.uid === account.uid)
    const byName = there.find(entry => entry.name === account.name)
    if (byUid && !ours.includes(byUid))
      conflicts.push(`uid ${account.uid} belongs to the account "${byUid.name}", which is not ours`)
    else if (byName && !ours.includes(byName)) conflicts.push(`the account "${account.name}" exists and is not ours`)
    else if (byUid && byUid.name === account.name) {
      if (byUid.shell !== ACCOUNT_SHELL) steps.push({ do: 'set shell', account })
    } else if (byName) {
      // A new account would lose the password, and one person's uid would become another's.
      conflicts.push(
        `"${account.name}" has the uid ${byName.uid} here and ${account.uid} in the file: a uid never changes (remove the technician from the file, apply, add them again)`,
      )
    } else if (byUid) steps.push({ do: 'rename', account, from: byUid.name })
    else steps.push({ do: 'add', account })
    if (byUid) kept.add(byUid)
  }
  const gone = ours.filter(entry => !kept.has(entry)).map(({ name, uid }) => ({ name, uid }))
  return { steps: [...steps, ...gone.map((account): AccountStep => ({ do: 'remove', account }))], conflicts }
}

export function describeAccountStep(step: AccountStep): string {
  const { name, uid } = step.account
  switch (step.do) {
    case 'add':
      return `make the account ${name} (uid ${uid}, no password)`
    case 'rename':
      return `rename the account ${step.from} to ${name} (uid ${uid}); its sessions end`
    case 'set shell':
      return `give the account ${name} the shell ${ACCOUNT_SHELL} again`
    case 'remove':
      return `remove the account ${name} (uid ${uid}); its sessions end`
  }
}
