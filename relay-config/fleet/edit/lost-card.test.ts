import * as assert from 'uvu/assert'
import { suite } from '../../../testbed/suite.ts'
import { parseFleet } from '../fleet-config.ts'
import { lostCardLines } from './lost-card.ts'

const test = suite('a lost card')

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE4lcVHbJjDVfp8gMGF/GTRkr9a62Nh/yr5ra9hzOKbt'
const fleet = (accounts: string, consoles: string) =>
  parseFleet(
    'fleet.toml',
    `version = 1\n[[relays]]\nname = "lab"\nhost = "relay.example.net"\nuser = "tunnel"\naccounts = "${accounts}"\nhost_keys = ["${KEY}"]\n[[devices]]\nname = "rack1"\nport = 20100\n${consoles}`,
  )
const linesOf = (accounts: string, consoles: string) => {
  const whole = fleet(accounts, consoles)
  const [device] = whole.devices
  if (device === undefined) throw new Error('no device')
  return lostCardLines(whole, device).join('\n')
}

test('names the login that others may share, the consoles that were seen, and the equipment that had a password', () => {
  const consoles =
    '[[devices.consoles]]\nname = "core"\npath = "/dev/ttyUSB0"\n[[devices.consoles]]\nname = "bmc"\npath = "exec:"\n'
  const shared = linesOf('shared', consoles)
  assert.match(shared, 'the password of tunnel@relay.example.net, if rack1 logged in with it')
  assert.match(shared, 'passwords of equipment at bmc, if')
  assert.match(shared, 'that core, bmc showed on the console')
})

test('says nothing of what the device does not have', () => {
  const dedicated = linesOf('dedicated', '')
  assert.not.match(dedicated, /password of|equipment|showed/)
  assert.match(dedicated, /Wi-Fi passphrases and 802.1X logins/)
  assert.match(dedicated, /host keys of rack1/)
})

test.run()
