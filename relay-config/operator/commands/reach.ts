/** `oobm-relay reach`: for ssh's ProxyCommand, the way to a relay where the network blocks SSH. */
import { usageError } from '../../../cli/command.ts'
import type { Rung } from '../../../transport/way.ts'
import { defineCommand } from '../command.ts'
import { httpProxyFor, PROXY_FILE_OPTION, useProxyFile } from '../search/other-ways.ts'
import { reachRelay } from '../search/reach-relay.ts'

export const reach = defineCommand({
  summary: 'connect ssh to a relay where the network blocks SSH, as a ProxyCommand',
  details: [
    'It tries plain SSH, SSH within TLS (with --tls), and SSH through an HTTP proxy, each for 3 seconds.',
    'The proxy is the one in https_proxy or HTTPS_PROXY, unless no_proxy names the relay; Basic and Digest logins work.',
    '`oobm-relay connect` and `proxy` use it by themselves.',
  ],
  arguments: [
    { value: 'HOST', help: 'the relay: %h in an ssh_config' },
    { value: 'PORT', help: 'its port: %p' },
  ],
  options: {
    tls: { help: 'the relay has tls = true in the fleet file; then there is TLS inside the proxy, too' },
    'admin-by': {
      value: 'TLS_PORT',
      help: 'the relay has admin_tls = true: TLS, at this port of it, leads to the host’s own sshd',
    },
    'after-direct': { help: 'plain SSH was tried already' },
    ...PROXY_FILE_OPTION,
  },
  examples: ['reach --tls relay.example.net 443'],
  exitCodes: { 69: 'No way leads to the relay.' },
  run: async ({ values, positionals: [host = '', text = ''], signal }) => {
    const port = portOf(text)
    const adminBy = values['admin-by'] === undefined ? undefined : portOf(values['admin-by'])
    await useProxyFile(values['proxy-file'])
    const hasTls = values.tls === true || adminBy !== undefined
    const rungs: Rung[] = [
      ...(values['after-direct'] === true ? [] : ['direct' as const]),
      ...(hasTls ? ['tls' as const] : []),
      'proxy',
    ]
    return reachRelay({
      ...{ host, port, rungs, hasTls, adminBy, signal },
      proxy: httpProxyFor(host),
      ...{ input: process.stdin, output: process.stdout },
      tell: line => process.stderr.write(`oobm-relay: ${line}\n`),
    })
  },
})

/** @throws UserError for what is none */
function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) usageError(`"${text}" is not a port`)
  return port
}
