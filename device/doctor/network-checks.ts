/** `oobm doctor` on what is reached over a socket: the relays, the device's own sshd, the console bridge. */
import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { isIPv4 } from 'node:net'
import type { DeviceConfig, RelayConfig } from '../../formats/device-config.ts'
import { publicKeySchema } from '../../formats/names.ts'
import { errorCode, errorMessage } from '../../runtime/errors.ts'
import { behindNat64, IPV4_ONLY_NAME, isIPv6Only, prefixesIn } from '../../runtime/nat64.ts'
import { type Check, type Finding, ok, wrong } from './finding.ts'
import { checkSshServer } from './ssh-answer.ts'

const LOOPBACK = '127.0.0.1'

export function networkChecks(config: DeviceConfig): Check[] {
  return [...config.relays.map(checkRelay), checkShell(config), checkBridge(config)]
}

function checkRelay({ host, port, hostKeys }: RelayConfig): Check {
  const name = `relay ${host}`
  return {
    what: name,
    run: async (report, signal) => {
      let address: string
      try {
        address = (await lookup(host)).address
        report(ok(`${name} name`, address === host ? 'is an address' : `is ${address}`))
      } catch (err) {
        const remedy = 'check the cable, the address and the name server: ip addr; cat /etc/resolv.conf'
        return report(wrong(`${name} name`, `does not resolve: ${errorCode(err) ?? errorMessage(err)}`, remedy))
      }
      const expectation = {
        hostKeys,
        whenClosed: `ask the site whether this network lets port ${port} out, and the operator whether the relay runs`,
        whenOther: 'do not connect; tell the operator. If the relay was reinstalled, import a new oobm.toml',
      }
      const found = isIPv4(address) && (await isIPv6Network()) ? await translate(name, address) : undefined
      if (found) report(found.finding)
      if (found?.finding.result === 'wrong') return
      await checkSshServer(name, { host: found?.address ?? host, port }, expectation, report, signal)
    },
  }
}

/** Where IPv4 does not lead out, as the supervisor does it (RFC 7050). */
async function translate(name: string, ipv4: string): Promise<{ finding: Finding; address?: string }> {
  const what = `${name} NAT64`
  const answer = await lookup(IPV4_ONLY_NAME, { all: true, family: 6 }).catch(() => [])
  const [prefix] = prefixesIn(answer.map(({ address }) => address))
  if (prefix === undefined) {
    const detail = `${ipv4} cannot be reached: IPv4 does not lead out of this network, and its name server knows no NAT64`
    return { finding: wrong(what, detail, 'give the relay an IPv6 address and a name, or the device another network') }
  }
  const address = behindNat64(prefix, ipv4)
  return {
    finding: ok(what, `IPv4 does not lead out of this network: ${ipv4} is ${address} here, behind ${prefix}`),
    address,
  }
}

async function isIPv6Network(): Promise<boolean> {
  const [v4 = '', v6 = ''] = await Promise.all(
    ['route', 'ipv6_route'].map(file => readFile(`/proc/net/${file}`, 'utf8').catch(() => '')),
  )
  return isIPv6Only({ v4, v6 })
}

function checkShell({ shell }: DeviceConfig): Check {
  const name = 'own sshd'
  return {
    what: name,
    run: async (report, signal) => {
      let hostKey: string
      try {
        hostKey = publicKeySchema.parse(await readFile(shell.hostKeyFile, 'utf8'))
      } catch (err) {
        const detail = errorCode(err) ?? 'is not a public key'
        return report(
          wrong(
            `${name} key file`,
            `${shell.hostKeyFile}: ${detail}`,
            'correct shell.host_key_file, or create the key: sudo ssh-keygen -A',
          ),
        )
      }
      const expectation = {
        hostKeys: [hostKey],
        whenClosed: 'sudo systemctl start ssh, or correct shell.port',
        whenOther: `sudo systemctl restart ssh; it must use the key whose public half is ${shell.hostKeyFile}`,
      }
      await checkSshServer(name, { host: LOOPBACK, port: shell.port }, expectation, report, signal)
    },
  }
}

function checkBridge({ bridge }: DeviceConfig): Check {
  const name = 'console bridge'
  return {
    what: name,
    run: (report, signal) => {
      const expectation = {
        hostKeys: [bridge.hostKey],
        whenClosed: 'sudo systemctl restart oobm-console; journalctl -u oobm-console -n 50',
        whenOther:
          'sudo systemctl restart oobm-console; if that does not help, find out which program uses its port: sudo ss -ltnp',
      }
      return checkSshServer(name, { host: LOOPBACK, port: bridge.port }, expectation, report, signal)
    },
  }
}
