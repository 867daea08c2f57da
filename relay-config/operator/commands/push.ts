/** `oobm-relay push`: sends the public part of the fleet to a dedicated relay by the operator's own ssh, and applies it there. */
import { EXIT } from '../../../runtime/errors.ts'
import { relayPaths } from '../../relay/relay-paths.ts'
import { defineCommand } from '../command.ts'
import { RELAY_ARGUMENT, RELAY_OPTIONS } from '../prepare.ts'
import { readPublicPart, stringifyPublicPart } from '../public-part.ts'
import { LONG_MS, runOnRelay } from '../remote/ssh-to-relay.ts'
import { keepCopy, openCopy } from './host-key-copy.ts'

export const push = defineCommand({
  summary: 'send the public part of the fleet to a dedicated relay by ssh, and apply it there',
  details: [
    'It then keeps an encrypted copy of the relay’s host key in secrets/_relays, for the day when the relay is lost.',
  ],
  arguments: [RELAY_ARGUMENT, { value: 'HOST', isOptional: true, help: '[USER@]HOST to connect to instead' }],
  options: {
    port: { value: 'N', help: 'the port of the host’s own sshd, instead of admin_port' },
    restore: { help: 'put the host key back from the copy, after the relay was lost' },
    'passphrase-file': {
      value: 'FILE',
      help: 'the first line is the passphrase of the copy; asked for when not given',
    },
    'no-copy': { help: 'keep no copy of the host key' },
    'no-systemd': RELAY_OPTIONS['no-systemd'],
  },
  run: async input => {
    const { files, positionals, values, signal } = input
    const part = await readPublicPart(files.fleet, positionals[0], relayPaths())
    const { relay } = part
    const way = { host: positionals[1], port: values.port }
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
})
