/** `oobm-relay proxy`: for ssh's ProxyCommand, the way to a device by whichever of its relays it is at. */

import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { usageError } from '../../../cli/command.ts'
import { defineCommand } from '../command.ts'
import { joinDevice } from '../search/join-device.ts'
import { PROXY_FILE_OPTION, useProxyFile } from '../search/other-ways.ts'

export const proxy = defineCommand({
  summary: 'connect ssh to a device by the relay at which it is, as a ProxyCommand',
  details: [
    'The relays are tried one after the other, by your own ssh.',
    'One counts only when the device’s own SSH greeting has come through it: 3 seconds after the login the next is tried.',
    'Where no relay answers plain SSH, it tries SSH within TLS, then through an HTTP proxy: see "oobm-relay reach".',
    'The rendered ssh_config uses it where oobm-relay is installed.',
  ],
  arguments: [
    { value: 'HOST:PORT', help: 'the device, as the relays see it: %h:%p in an ssh_config' },
    { value: 'RELAY_HOST', isRepeated: true, help: 'the relays as hosts of your ssh_config, the preferred one first' },
  ],
  options: {
    'ssh-config': { value: 'FILE', help: 'the ssh_config that has these hosts; ssh’s own when not given' },
    tls: { value: 'HOSTS', help: 'those of the relays that have tls = true in the fleet file, with commas' },
    ...PROXY_FILE_OPTION,
    'own-first': { help: 'use FILE only where ssh’s own configuration does not know the host' },
  },
  examples: ['proxy 127.0.0.1:20101 oobm-relay-fra oobm-relay-lon'],
  exitCodes: { 69: 'The device answers at none of the relays.' },
  run: async ({ values, positionals: [target = '', ...relayHosts], signal }) => {
    if (!/^[\w.:[\]-]+:\d{1,5}$/.test(target)) usageError(`"${target}" is not HOST:PORT`)
    const strange = relayHosts.find(host => host.startsWith('-'))
    if (strange !== undefined) usageError(`"${strange}" is not a host`)
    await useProxyFile(values['proxy-file'])
    const file = values['ssh-config']
    return joinDevice({
      ...{ relayHosts, target, signal },
      sshConfig: { file: file === undefined ? undefined : atHome(file), ownFirst: values['own-first'] === true },
      tlsHosts: values.tls?.split(',') ?? [],
      ...{ input: process.stdin, output: process.stdout },
      tell: text => {
        if (process.stderr.isTTY) process.stderr.write(`oobm-relay: ${text}\n`)
      },
    })
  },
})

/** Programs that are no shell pass `~` as it is. */
function atHome(file: string): string {
  return resolve(file.replace(/^~(?=\/)/, homedir()))
}
