/** `oobm-relay push`: takes the public part of the fleet to a dedicated relay over the operator's own ssh, and applies it there. */
import { EXIT } from '../../../runtime/errors.ts'
import { relayPaths } from '../../relay/relay-paths.ts'
import { type Command, usageError } from '../command.ts'
import { RELAY_OPTIONS } from '../prepare.ts'
import { readPublicPart, stringifyPublicPart } from '../public-part.ts'
import { LONG_MS, runOnRelay } from '../remote/ssh-to-relay.ts'
import { keepCopy, openCopy } from './host-key-copy.ts'

export const push: Command = {
  usage: '[RELAY] [[USER@]HOST] [--port N] [--restore] [--passphrase-file FILE | --no-copy] [--no-systemd]',
  summary:
    'take the fleet’s public part to a dedicated relay by your own ssh, apply it there, and keep a copy of the relay’s host key',
  options: {
    port: { type: 'string', value: 'N', help: 'of the host’s own sshd, in place of admin_port' },
    restore: {
      type: 'boolean',
      help: 'put the host key back from the copy, after the relay was lost',
    },
    'passphrase-file': {
      type: 'string',
      value: 'FILE',
      help: 'the first line is the passphrase of the copy; without this option push asks for it',
    },
    'no-copy': { type: 'boolean', help: 'keep no copy of the host key' },
    'no-systemd': RELAY_OPTIONS['no-systemd'],
  },
  run: async input => {
    const { files, positionals, values, signal } = input
    if (positionals.length > 2) usageError('push takes a relay, and a host to reach it by')
    const part = await readPublicPart(files.fleet, positionals[0], relayPaths())
    const { relay } = part
    const way = { host: positionals[1], port: values.port === undefined ? undefined : String(values.port) }
    const hostKey = values.restore ? await openCopy(relay, input) : undefined
    const code = await runOnRelay({
      relay,
      ...way,
      args: ['apply', '--stdin', ...(values['no-systemd'] ? ['--no-systemd'] : [])],
      stdin: { text: stringifyPublicPart({ ...part, hostKey }) },
      limitMs: LONG_MS,
      signal,
    })
    if (code === EXIT.ok) await keepCopy(relay, way, input)
    return code
  },
}
