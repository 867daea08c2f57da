/** `oobm-relay push`: takes the public part of the fleet to a dedicated relay over the operator's own ssh, and applies it there. */
import { RELAY_OPTIONS } from '../apply/prepare.ts'
import { readPublicPart, stringifyPublicPart } from '../apply/public-part.ts'
import { relayPaths } from '../relay-paths.ts'
import { LONG_MS, runOnRelay } from '../remote/ssh-to-relay.ts'
import { type Command, usageError } from './command.ts'

export const push: Command = {
  usage: '[RELAY] [[USER@]HOST] [--port N] [--no-systemd]',
  summary: 'take the fleet’s public part to a dedicated relay by your own ssh, and apply it there',
  options: {
    port: { type: 'string', value: 'N', help: 'of the host’s own sshd, in place of admin_port' },
    'no-systemd': RELAY_OPTIONS['no-systemd'],
  },
  run: async ({ files, positionals, values, signal }) => {
    if (positionals.length > 2) usageError('push takes a relay, and a host to reach it by')
    const part = await readPublicPart(files.fleet, positionals[0], relayPaths())
    return runOnRelay({
      relay: part.relay,
      args: ['apply', '--stdin', ...(values['no-systemd'] ? ['--no-systemd'] : [])],
      host: positionals[1],
      port: values.port === undefined ? undefined : String(values.port),
      stdin: { text: stringifyPublicPart(part) },
      limitMs: LONG_MS,
      signal,
    })
  },
}
