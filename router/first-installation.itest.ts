/** What equipment without a configuration is told: real clients that ask for it, and the real dnsmasq. */
import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { missingForRouter, startRouterSite } from './testing/router-site.ts'

const test = suite('first installation')

const missing = missingForRouter()
if (missing !== undefined) test.skip('equipment is told where its configuration is', missing)
else {
  test('by its MAC address or its vendor class, and nobody else is told', async context => {
    const plain = { tftpServers: [], nextServer: '192.168.77.1' }
    const site = await startRouterSite(context, {
      routes: false,
      installations: [
        {
          ...plain,
          vendorClass: 'ciscopnp',
          vendorOptions: Buffer.from('5A1N;B2;K4;I192.168.77.1;J80').toString('hex'),
        },
        {
          ...{ mac: '02:00:00:00:00:77', nextServer: '192.168.77.9', bootFile: 'http://192.168.77.1/poap.py' },
          ...{ tftpServerName: '192.168.77.1', tftpServers: ['192.168.77.1', '192.168.77.2'] },
        },
      ],
    })
    const { stop } = await site.startRouter()
    const script = await site.file('told.sh', '#!/bin/sh\n[ "$1" = bound ] && env | sort\nexit 0\n')
    await site.sh(`chmod 755 ${script}`)
    const ask = (mac: string, ...more: string[]) =>
      site.atHosts(
        `ip link set h0 address ${mac}; busybox udhcpc -i h0 -n -q -f -t 10 -T 1 -s ${script} ${more.join(' ')} 2>&1`,
      )
    const options = ['-O', '43', '-O', '66', '-O', '67', '-O', '150', '-O', 'router', '-O', 'dns']

    const pnp = await ask('02:00:00:00:00:01', ...options, '-V', 'ciscopnp')
    assert.match(pnp, `opt43=${Buffer.from('5A1N;B2;K4;I192.168.77.1;J80').toString('hex')}`)
    assert.match(pnp, /^siaddr=192\.168\.77\.1$/m)
    assert.not.match(pnp, 'poap.py')
    // A port that leads nowhere is no router and no name server.
    assert.not.match(pnp, /^(router|dns)=/m)

    // It belongs to both entries: that of its address counts. Here it asks for none of the options.
    const poap = await ask('02:00:00:00:00:77', '-V', 'ciscopnp')
    for (const line of ['siaddr=192.168.77.9', 'tftp=192.168.77.1', 'bootfile=http://192.168.77.1/poap.py'])
      assert.match(poap, new RegExp(`^${line.replaceAll('.', '\\.')}$`, 'm'), poap)
    assert.match(poap, /^opt150=c0a84d01c0a84d02$/m)
    assert.not.match(poap, 'opt43')

    const other = await ask('02:00:00:00:00:02', ...options)
    assert.match(other, /^ip=192\.168\.77\./m)
    assert.not.match(other, /^(opt43|opt150|tftp|bootfile)=/m)
    assert.not.match(
      await site.sh('nft list ruleset; ip -4 rule; cat /proc/sys/net/ipv4/conf/eth0/forwarding'),
      /masquerade|7740|^1$/m,
    )
    await stop()
  })
}

test.run()
