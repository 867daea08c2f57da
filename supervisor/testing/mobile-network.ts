/** A device with a cable that leads to two relays, and a modem behind which there is nothing but a metadata address. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../testbed/free-port.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { startField } from './field.ts'

/** Blocks for documentation (RFC 5737), inside namespaces of one test alone. */
const RELAYS = ['192.0.2.1', '192.0.2.2'] as const
const METADATA = '198.51.100.1'
const MODEM = 'wwan0'

/** The kernel routes the metadata address by the cable, where another server answers with something else. */
export async function startMobileNetwork(context: TestContext) {
  const names = ['relay', 'device', 'mobile'].map(name => `oobm-${name[0]}-${process.pid}`)
  const [relayHost = '', deviceHost = '', mobileHost = ''] = names
  const ip = async (...args: string[]) => {
    const { code, stderr } = await runProgram('ip', args)
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
  }
  for (const name of names) {
    await ip('netns', 'add', name)
    context.cleanup(() => ip('netns', 'delete', name))
    await ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  const connect = async (host: string, link: string, here: string, there: string) => {
    await ip('-n', host, 'link', 'add', link, 'type', 'veth', 'peer', 'name', link, 'netns', deviceHost)
    await ip('-n', host, 'address', 'add', here, 'dev', link)
    await ip('-n', host, 'link', 'set', link, 'up')
    await ip('-n', deviceHost, 'address', 'add', there, 'dev', link)
    await ip('-n', deviceHost, 'link', 'set', link, 'up')
  }
  for (const address of [...RELAYS, METADATA]) await ip('-n', relayHost, 'address', 'add', `${address}/32`, 'dev', 'lo')
  await connect(relayHost, 'eth0', '10.0.0.1/24', '10.0.0.2/24')
  await connect(mobileHost, MODEM, `${METADATA}/24`, '198.51.100.2/24')
  await ip('-n', deviceHost, 'route', 'add', 'default', 'via', '10.0.0.1', 'dev', 'eth0')
  await ip('-n', deviceHost, 'route', 'add', `${METADATA}/32`, 'via', '10.0.0.1', 'dev', 'eth0')

  const under = (name: string) => ['ip', 'netns', 'exec', name]
  const field = await startField(context, {
    relayHost: RELAYS[0],
    relay: { under: under(relayHost), config: [`ListenAddress ${RELAYS[0]}`] },
    deviceUnder: under(deviceHost),
  })
  const second: Sshd = await startSshd({
    directory: join(field.directory, 'relay2'),
    authorizedKeys: [join(field.directory, 'authorized_keys2')],
    under: under(relayHost),
    config: [`ListenAddress ${RELAYS[1]}`, 'AllowStreamLocalForwarding no'],
    port: field.relay.port + 2,
  })
  context.cleanup(() => second.stop())
  context.onFailure(() => `second relay's log:\n${second.log()}`)
  const port = await freePort()
  const serve = async (host: string, body: string) => {
    const file = join(field.directory, `userdata-${host}`)
    await writeFile(file, body)
    const program = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'metadata-server.ts')]
    const [ip = '', ...args] = [...under(host), ...program, METADATA, `${port}`, file]
    const server = startProgram(ip, args)
    context.cleanup(() => server.stop())
    await server.says(/listening/)
    return { server, say: (text: string) => writeFile(file, text) }
  }
  const bait = await serve(relayHost, '{"ops": {"HostName": "bait.example.net", "RemotePort": 1}}')
  const metadata = await serve(mobileHost, '{}')
  // As EC2 gives it: RSA, in the older PEM.
  const key = join(field.directory, 'userdata_key')
  const made = await runProgram('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', '', '-f', key])
  if (made.code !== 0) throw new Error(`ssh-keygen: ${made.stderr}`)
  return {
    ...{ field, second, bait, metadata },
    privateKey: await readFile(key, 'utf8'),
    publicKey: await readFile(`${key}.pub`, 'utf8'),
    /** Address of the second relay; the first has that of the configuration. */
    secondHost: RELAYS[1],
    modem: MODEM,
    url: `http://${METADATA}:${port}/v1/userdata`,
  }
}
