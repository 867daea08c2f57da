/** Refuses a channel with a reason that the client shows; ssh2 always sends an empty one. */
import type { Connection } from 'ssh2'

/** The ssh2 internals that are used here: pinned by the exact version, and by a test with a real client. */
interface Insides {
  _protocol: { channelOpenFail(recipient: number, reason: number, description: string): void }
}

/** RFC 4254, section 5.1. */
export const OPEN_FAILURE = { prohibited: 1, connectFailed: 2, resourceShortage: 4 } as const

export type RefuseOpen = (reject: () => void, reason: keyof typeof OPEN_FAILURE, text: string) => void

export function surfaceOpenFailures(connection: Connection): RefuseOpen {
  const { _protocol: protocol } = connection as unknown as Insides
  const fail = protocol.channelOpenFail.bind(protocol)
  let why: [reason: number, text: string] | undefined
  protocol.channelOpenFail = (recipient, reason, description) => fail(recipient, ...(why ?? [reason, description]))
  // ssh2 sends the failure within `reject`.
  return (reject, reason, text) => {
    why = [OPEN_FAILURE[reason], text]
    reject()
    why = undefined
  }
}
