/** A login without a key, by the account of the program that connects; only on this device. */
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { ACCOUNT_ADDRESS } from '../../formats/bridge-login.ts'
import type { TechnicianConfig } from '../../formats/device-config.ts'
import { type PersonUid, readPeopleRecord } from '../../formats/people.ts'
import { errorMessage } from '../../runtime/errors.ts'
import type { Logger } from '../../runtime/log.ts'
import { parsePasswd } from '../../runtime/passwd.ts'
import { parseLogin } from '../commands/login-name.ts'
import { identityOfAccount } from './account-identity.ts'
import type { Identity } from './authorize.ts'
import { peerUid } from './peer-uid.ts'

export interface AccountOptions {
  technicians: readonly TechnicianConfig[]
  /** Path of the record of people with an account here. */
  peopleRecord: string
  log: Logger
}

export interface AccountLogin {
  uid: number
  /** @returns undefined for an account without access, or when the login name names somebody else */
  identityFor(login: string): Identity | undefined
}

/**
 * @returns undefined for a connection on which only keys count: each that came through the tunnel or another forwarder
 */
export function accountOf(
  socket: Socket,
  { technicians, peopleRecord, log }: AccountOptions,
): AccountLogin | undefined {
  const uid = socket.remoteAddress === ACCOUNT_ADDRESS ? peerUid(socket) : undefined
  if (uid === undefined) return undefined
  let people: PersonUid[] = []
  try {
    people = readPeopleRecord(peopleRecord)
  } catch (err) {
    log.error({ cause: errorMessage(err) }, 'cannot read who has an account here')
  }
  const users = parsePasswd(readFileSync('/etc/passwd', 'utf8'))
  const identity = identityOfAccount(uid, { ownUid: process.getuid?.() ?? 0, users, people, technicians })
  return {
    uid,
    identityFor: login => {
      const { technician } = parseLogin(login)
      return technician === undefined || technician === identity?.name ? identity : undefined
    },
  }
}
