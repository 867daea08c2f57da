import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { BOARDS, boardOf } from './boards.ts'
import { type PowerOn, qemuArguments } from './qemu-arguments.ts'

const test = suite('QEMU command line')

const start = (name: Parameters<typeof boardOf>[0], more: Partial<PowerOn> = {}, withKvm = false) =>
  ` ${qemuArguments({ board: boardOf(name, withKvm), boot: 'boot', card: 'card.img', directory: 'run', ...more }).join(' ')} `

const ALL = [...BOARDS, 'pc', 'virt'] as const

/** What each board must have among its arguments, and what it must not. */
const TABLE: Record<(typeof ALL)[number], { has: string[]; hasNot: string[] }> = {
  pi3: {
    has: [
      ' -M raspi3b ',
      ' -dtb boot/bcm2837-rpi-3-b.dtb ',
      ',if=sd,readonly=off ',
      ' -device usb-net,netdev=net0 ',
      ' -serial null -serial file:run/console.log -qmp ',
      ' console=ttyS1,115200 ',
      ' systemd.watchdog_sec=0 ',
    ],
    hasNot: ['initcall_blacklist', ' stdio '],
  },
  'zero-w': {
    has: [' -M raspi0 ', ' -dtb boot/bcm2835-rpi-zero-w.dtb ', ' initcall_blacklist=bcm2835_power_driver_init '],
    hasNot: [' stdio '],
  },
  vm: {
    has: [
      ' -m 512 ',
      ' -rtc base=2021-05-01 ',
      ' i6300esb ',
      ' qemu-xhci,id=usb ',
      ',if=virtio,',
      ' console=ttyS0,115200 ',
    ],
    hasNot: [' -dtb ', ' stdio ', 'systemd.watchdog_sec', ' -serial null '],
  },
  pc: {
    has: [
      ' -m 768 ',
      ' qemu-xhci,id=usb ',
      ' -nic none ',
      ' root=/dev/vda2 ro rootwait init=/usr/lib/oobm-appliance/init panic=5 ',
      ' systemd.mask=getty.target ',
      ' -serial file:run/console.log -serial stdio ',
    ],
    hasNot: [' -netdev ', ' -rtc ', 'forward_to_console'],
  },
  virt: {
    has: [
      ' -M virt ',
      ',if=virtio,',
      ' console=ttyAMA0,115200 ',
      ' -serial file:run/console.log -chardev stdio,id=shell,signal=off ',
      ' pci-serial-2x,chardev1=unused,chardev2=shell ',
    ],
    hasNot: [' -dtb ', ' -netdev ', ' -serial stdio ', ' -qtest '],
  },
}

test('pins can be driven from outside where that is asked for', () => {
  const line = start('virt', { hasWires: true })
  assert.ok(line.includes(' -qtest unix:run/qtest.sock,server=on,wait=off '), line)
})

for (const name of ALL) {
  test(`of ${name}`, () => {
    const line = start(name)
    for (const part of TABLE[name].has) assert.ok(line.includes(part), `${part} in ${line}`)
    for (const part of TABLE[name].hasNot) assert.not.ok(line.includes(part), `${part} in ${line}`)
    // Off is off, and nothing but what is named is there.
    for (const part of [' -no-reboot ', ' -nodefaults ', ' -display none ']) assert.ok(line.includes(part), part)
  })
}

test('KVM is for PCs alone', () => {
  for (const name of ALL) {
    assert.is(start(name, {}, true).includes(' -accel kvm -cpu host '), name === 'vm' || name === 'pc', name)
    assert.not.ok(start(name).includes('kvm -cpu'), name)
  }
})

test('the image’s own command line comes first', () => {
  assert.match(start('vm', { commandLine: 'root=LABEL=x quiet' }), / -append root=LABEL=x quiet console=ttyS0/)
})

test('a card may be read-only, an adapter plugged in or come later', () => {
  assert.match(start('pc', { readOnlyCard: true }), ' -drive file=card.img,format=raw,if=virtio,readonly=on ')
  assert.not.match(start('vm'), 'usb-serial')
  assert.match(
    start('vm', { adapter: 'late' }),
    /path=run\/adapter\.sock,.* usb-serial,chardev=adapter,pcap=run\/usb\.pcap /,
  )
  assert.match(start('vm', { adapter: 'plugged' }), ',pcap=run/usb.pcap,always-plugged=on ')
})

test.run()
