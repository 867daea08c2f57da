/** `wifi-radio` on trees as /sys has them: which driver is taken off which device, and what is left alone. */
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'

const test = suite('wifi-radio')
const SCRIPT = join(import.meta.dirname, 'files/usr/lib/oobm/wifi-radio')

/** A Pi's own radio, behind its controller. */
const CONTROLLER = 'devices/platform/soc/3f300000.mmcnr'
const SDIO = `${CONTROLLER}/mmc_host/mmc1/mmc1:0001/mmc1:0001:1`
const USB = 'devices/platform/soc/3f980000.usb/usb1/1-1/1-1.4/1-1.4:1.0'

async function makeTree(context: TestContext) {
  const sys = await scratchDirectory(context)
  const link = async (path: string, target: string) => {
    await mkdir(dirname(join(sys, path)), { recursive: true })
    await symlink(relative(dirname(join(sys, path)), join(sys, target)), join(sys, path))
  }
  const driver = async (bus: string, name: string, device: string) => {
    const folder = `bus/${bus}/drivers/${name}`
    await mkdir(join(sys, folder), { recursive: true })
    for (const file of ['bind', 'unbind']) await writeFile(join(sys, folder, file), '')
    await mkdir(join(sys, device), { recursive: true })
    await link(`${device}/driver`, folder)
    await link(`${device}/subsystem`, `bus/${bus}`)
    return folder
  }
  const wireless = async (name: string, device: string) => {
    await mkdir(join(sys, `${device}/net/${name}/phy80211`), { recursive: true })
    await link(`${device}/net/${name}/device`, device)
    await link(`class/net/${name}`, `${device}/net/${name}`)
  }
  const run = (...args: string[]) =>
    runProgram(SCRIPT, args, { env: { ...process.env, OOBM_SYSFS: sys, OOBM_BACK_S: '1' } })
  const said = async (folder: string) =>
    (await Promise.all(['unbind', 'bind'].map(file => readFile(join(sys, folder, file), 'utf8')))).join(', ')
  return { sys, link, driver, wireless, run, said }
}

test('takes the driver of the controller off a board’s own radio, so that its firmware begins anew', async context => {
  const { driver, wireless, run, said } = await makeTree(context)
  const radio = await driver('sdio', 'brcmfmac', SDIO)
  const controller = await driver('platform', 'mmc-bcm2835', CONTROLLER)
  await wireless('wlan0', SDIO)
  const { code, stdout } = await run('reload-driver-wlan0')
  assert.is(code, 0)
  assert.match(stdout, 'takes the driver mmc-bcm2835 off 3f300000.mmcnr')
  assert.equal([await said(controller), await said(radio)], ['3f300000.mmcnr, 3f300000.mmcnr', ', '])
})

test('leaves a controller alone that has a disk behind it', async context => {
  const { sys, driver, wireless, run, said } = await makeTree(context)
  await driver('sdio', 'brcmfmac', SDIO)
  const controller = await driver('platform', 'mmc-bcm2835', CONTROLLER)
  await wireless('wlan0', SDIO)
  await mkdir(join(sys, `${CONTROLLER}/mmc_host/mmc0/mmc0:aaaa/block/mmcblk0`), { recursive: true })
  assert.is((await run('reload-driver-wlan0')).code, 13)
  assert.is(await said(controller), ', ')
})

test('takes the driver of an adapter off its interface', async context => {
  const { driver, wireless, run, said } = await makeTree(context)
  const adapter = await driver('usb', 'rtl8xxxu', USB)
  await wireless('wlx00c0ca', USB)
  assert.is((await run('reload-driver-wlx00c0ca')).code, 0)
  assert.is(await said(adapter), '1-1.4:1.0, 1-1.4:1.0')
})

test('refuses what is no wireless interface, what has no driver, and what does not come back', async context => {
  const { sys, link, driver, wireless, run, said } = await makeTree(context)
  const cable = await driver('usb', 'smsc95xx', USB)
  await mkdir(join(sys, `${USB}/net/eth0`), { recursive: true })
  await link(`${USB}/net/eth0/device`, USB)
  await link('class/net/eth0', `${USB}/net/eth0`)
  for (const what of ['reload-driver-eth0', 'reassociate-eth0', 'reload-driver-wlan7', 'reload-driver-../x'])
    assert.is((await run(what)).code, 10, what)
  assert.is(await said(cable), ', ')
  await mkdir(join(sys, 'devices/virtual/net/wlan5/phy80211'), { recursive: true })
  await link('class/net/wlan5', 'devices/virtual/net/wlan5')
  assert.is((await run('reload-driver-wlan5')).code, 12)
  assert.is((await run('reassociate-wlan5')).code, 11)
  for (const what of ['', 'reload-driver-', 'reboot-wlan5', 'reassociate']) assert.is((await run(what)).code, 64, what)
  const radio = 'devices/pci0000:00/0000:00:02.0'
  const folder = await driver('pci', 'iwlwifi', radio)
  await wireless('wlan0', radio)
  // A driver that finds no hardware any more: the interface goes, and stays away.
  const unbind = join(sys, folder, 'unbind')
  await rm(unbind)
  await runProgram('mkfifo', [unbind])
  const running = run('reload-driver-wlan0')
  await readFile(unbind)
  await rm(join(sys, 'class/net/wlan0'))
  assert.is((await running).code, 15)
})

test.run()
