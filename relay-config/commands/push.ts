/** `oobm-relay push`: takes the public part of the fleet to a dedicated relay over the operator's own ssh, and applies it there. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { EXIT, UserError } from '../../runtime/errors.ts'
import { RELAY_OPTIONS } from '../apply/prepare.ts'
import { readPublicPart, stringifyPublicPart } from '../apply/public-part.ts'
import { relayPaths } from '../relay-paths.ts'
import { type Command, usageError } from './command.ts'

/** Runs there, in whatever shell the login has. `-n`: standard input is the fleet, so that nobody can type a password. */
const remoteScript = (apply: string) =>
  `if [ "$(id -u)" = 0 ]; then exec oobm-relay ${apply}; else exec sudo -n oobm-relay ${apply}; fi`

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
    const host = positionals[1] ?? part.relay.host
    if (host.startsWith('-')) usageError(`"${host}" is not a host`)
    const port = String(values.port ?? part.relay.adminPort)
    const remote = `sh -c '${remoteScript(`apply --stdin${values['no-systemd'] ? ' --no-systemd' : ''}`)}'`
    const child = spawn('ssh', ['-p', port, host, remote], { stdio: ['pipe', 'inherit', 'inherit'], signal })
    child.stdin.on('error', () => {})
    child.stdin.end(stringifyPublicPart(part))
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code === 255) throw new UserError(`cannot push to ${host}, port ${port}: ssh said why`, EXIT.unavailable)
    return code ?? EXIT.failed
  },
}
