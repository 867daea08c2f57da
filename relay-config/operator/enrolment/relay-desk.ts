/** The requests of new boards at a relay, as the operator's seat reads them: by ssh, or in a relay's directory on this machine. */
import { EXIT, UserError } from '../../../runtime/errors.ts'
import type { Relay } from '../../fleet/fleet-config.ts'
import {
  REQUESTS_MAX,
  type RelayRequest,
  readRequests,
  rejectRequest,
  relayRequestSchema,
} from '../../relay/enrolment/requests.ts'
import { statePathsOf } from '../../relay/state/state-paths.ts'
import type { BareInput } from '../command.ts'
import { askRelay, SHORT_MS } from '../remote/ssh-to-relay.ts'
import { isLocal } from '../settings/relay-mailbox.ts'

export interface RelayDesk {
  /** For messages. */
  name: string
  /** @param onLogin called once the relay is logged in at. @throws UserError when it cannot be asked */
  list(onLogin: () => void): Promise<RelayRequest[]>
  /** @throws UserError when it cannot be told */
  reject(request: Pick<RelayRequest, 'site' | 'id'>): Promise<void>
}

/** Characters of all requests: a relay that was broken into may send without end. */
const SAID_MAX = 2 * REQUESTS_MAX * 8_192

/** With `--state` or `--root` the relay is on this machine. */
export function desksOf(relays: readonly Relay[], values: BareInput['values'], signal: AbortSignal): RelayDesk[] {
  if (isLocal(values)) return [localDesk(values)]
  const host = values.host === undefined ? undefined : String(values.host)
  return relays.map(relay => remoteDesk(relay, host, signal))
}

export function localDesk(values: BareInput['values']): RelayDesk {
  const paths = statePathsOf(values)
  return {
    name: String(values.state ?? values.root ?? 'this relay'),
    list: async () => readRequests(paths),
    reject: ({ site, id }) => rejectRequest(paths, site, id),
  }
}

function remoteDesk(relay: Relay, host: string | undefined, signal: AbortSignal): RelayDesk {
  const place = relay.accounts === 'shared' ? [`--state=${relay.directory}`] : []
  const call = { relay, host, limitMs: SHORT_MS }
  return {
    name: relay.name,
    list: async onLogin => {
      let length = 0
      const over = new AbortController()
      const onText = (text: string) => {
        length += text.length
        if (length > SAID_MAX) over.abort()
      }
      const args = ['pending', '--here', '--requests', ...place]
      const until = AbortSignal.any([signal, over.signal])
      const { code, stdout } = await askRelay({ ...call, args, stdin: 'none', onText, onLogin, signal: until })
      if (over.signal.aborted)
        throw new UserError(`relay ${relay.name} sends without end: is that host what it was?`, EXIT.failed)
      if (code !== EXIT.ok)
        throw new UserError(`relay ${relay.name} does not say which boards wait: it said why above`, EXIT.failed)
      return stdout.split('\n').slice(0, REQUESTS_MAX).flatMap(readLine)
    },
    reject: async ({ site, id }) => {
      const args = ['reject', '--stdin', ...place]
      const { code } = await askRelay({ ...call, args, stdin: { text: `${site} ${id}\n` }, signal })
      if (code !== EXIT.ok) throw new UserError(`relay ${relay.name} did not take it: it said why above`, EXIT.failed)
    },
  }
}

function readLine(line: string): RelayRequest[] {
  try {
    return [relayRequestSchema.parse(JSON.parse(line))]
  } catch {
    // A banner of the host.
    return []
  }
}
