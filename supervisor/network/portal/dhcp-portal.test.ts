import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { readDhcpPortal } from './dhcp-portal.ts'

const test = suite('dhcp-portal')

test('reads what networkd notes of option 114, and takes an API alone', async context => {
  const root = await scratchDirectory(context)
  const [links, wlan0] = [join(root, 'run/systemd/netif/links'), join(root, 'sys/class/net/wlan0')]
  for (const folder of [links, wlan0]) await mkdir(folder, { recursive: true })
  assert.is(readDhcpPortal('wlan0', root), undefined, 'no such interface')
  await writeFile(join(wlan0, 'ifindex'), '3\n')
  assert.is(readDhcpPortal('wlan0', root), undefined, 'networkd does not know it')
  const says = async (line: string) => {
    await writeFile(
      join(links, '3'),
      `# This is private data. Do not parse.\nADMIN_STATE=configured\n${line}DNS=192.0.2.1\n`,
    )
    return readDhcpPortal('wlan0', root)?.href
  }
  assert.is(await says(''), undefined)
  assert.is(await says('CAPTIVE_PORTAL=https://portal.example/api?x=1\n'), 'https://portal.example/api?x=1')
  for (const other of [
    'urn:ietf:params:capport:unrestricted',
    'http://portal.example/api',
    'file:///etc/passwd',
    '',
    'https://',
    `https://portal.example/${'x'.repeat(2_000)}`,
  ]) {
    assert.is(await says(`CAPTIVE_PORTAL=${other}\n`), undefined, other)
  }
  for (const name of ['', '..', 'eth0']) assert.is(readDhcpPortal(name, root), undefined, name)
})

test.run()
