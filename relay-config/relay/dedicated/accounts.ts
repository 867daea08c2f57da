/** The accounts of a dedicated relay: one for all devices, one for each technician; and what brings them about. */
import type { PasswdEntry } from '../../../runtime/passwd.ts'
import type { Fleet, Relay } from '../../fleet/fleet-config.ts'

/** Uid of the devices' account: the one below the technicians'. */
export const DEVICE_UID = 19_999

/** Stands in the comment field: an account without it is not ours, whatever we remember. */
export const ACCOUNT_MARK = 'oobm-relay'

/** A shell that a forced command can run in: with nologin there, sshd runs nothing (sshd(8)). */
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
  /** What stands in the way, each a sentence. */
  conflicts: string[]
}

export function accountsOf(fleet: Fleet, { user }: Relay): Account[] {
  // The fleet file demands a uid of each as soon as a relay is dedicated.
  return [{ name: user, uid: DEVICE_UID }, ...fleet.technicians.map(({ name, uid = 0 }) => ({ name, uid }))]
}

/**
 * From what is there to what is wanted. The uid says who somebody is: the same uid under another name is a new name.
 * @param made the accounts that we remember to have made
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
    if (byUid && !ours.includes(byUid)) conflicts.push(`uid ${account.uid} is the account "${byUid.name}", not ours`)
    else if (byName && !ours.includes(byName)) conflicts.push(`there is an account "${account.name}" that is not ours`)
    else if (byUid && byUid.name === account.name) {
      if (byUid.shell !== ACCOUNT_SHELL) steps.push({ do: 'set shell', account })
    } else if (byName) {
      // Made anew it would lose its password, and a uid of somebody's would become another's.
      conflicts.push(
        `"${account.name}" has the uid ${byName.uid} here and ${account.uid} in the file: a uid never changes (take the account out, apply, put it in again)`,
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
