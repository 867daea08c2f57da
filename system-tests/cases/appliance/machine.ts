/** A PC in QEMU that starts the appliance from a card's file: power on, a shell in it, and the plug to pull. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorMessage } from '../../../runtime/errors.ts'
import { startProgram } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'

export interface Machine {
  /** Runs one line of shell in it, as root; its output without the last newline. @throws when it fails */
  sh(line: string): Promise<string>
  /** What the kernel and systemd said on the first serial line. */
  consoleText(): string
  untilConsoleSays(pattern: RegExp): Promise<RegExpMatchArray>
  /** Waits until the shell answers. */
  untilUp(): Promise<void>
  /** Waits until it has switched itself off, or started again, which here is the same. */
  untilOff(): Promise<void>
  /** Nothing is flushed but what QEMU has handed to the host. */
  pullPlug(): Promise<void>
}

/** Emulated, a start takes some 20 s; where other emulated machines take the processors, it has taken 300. */
const PATIENCE_MS = 900_000

/** What takes most of an emulated start, and none of the tests looks at. */
const LEFT_OUT = [
  ...['systemd-logind.service', 'getty.target', 'e2scrub_reap.service'].map(unit => `systemd.mask=${unit}`),
  'module_blacklist=ahci,bochs,drm,i2c_i801,iTCO_wdt,kvm_amd,lpc_ich,parport_pc,pcspkr',
]

export interface MachineOptions {
  /** Where `make-tree` left the kernel and the initramfs. */
  boot: string
  card: string
  /** Where its console's log goes. */
  directory: string
  /** A card that takes no more writes. */
  readOnlyCard?: boolean
}

export function startMachine({ boot, card, directory, readOnlyCard = false }: MachineOptions): Machine {
  const consoleFile = join(directory, `console-${Date.now()}.log`)
  const qemu = startProgram('qemu-system-x86_64', [
    ...['-M', 'q35', '-m', '768', '-nodefaults', '-no-reboot', '-display', 'none', '-nic', 'none', ...accelerator()],
    ...['-kernel', join(boot, 'vmlinuz'), '-initrd', join(boot, 'initrd.img')],
    ...[
      '-append',
      ['root=/dev/vda2 ro rootwait console=ttyS0 init=/usr/lib/oobm-appliance/init panic=5', ...LEFT_OUT].join(' '),
    ],
    ...['-drive', `file=${card},if=virtio,format=raw,readonly=${readOnlyCard ? 'on' : 'off'}`],
    ...['-serial', `file:${consoleFile}`, '-serial', 'stdio'],
  ])
  const consoleText = () => (existsSync(consoleFile) ? readFileSync(consoleFile, 'latin1') : '')
  const until = async <T>(what: string, probe: () => T, mayEnd = false) => {
    try {
      return await waitFor(
        what,
        () => {
          const found = probe()
          if (!found && !mayEnd && qemu.ended()) throw new Error(`it went off before ${what}`)
          return found
        },
        { timeoutMs: PATIENCE_MS },
      )
    } catch (err) {
      throw new Error(`${errorMessage(err)}\n${consoleText().slice(-4000)}\n${qemu.output().slice(-1000)}`)
    }
  }
  return {
    consoleText,
    untilConsoleSays: pattern => until(`"${pattern}" on its console`, () => consoleText().match(pattern)),
    untilUp: async () => {
      await until('its shell', () => qemu.output().includes('agent-ready\n'))
    },
    sh: async line => {
      const from = qemu.output().length
      qemu.child.stdin?.write(`${line}\n`)
      const [, said = '', code = ''] = await until(`an answer to: ${line}`, () =>
        qemu
          .output()
          .slice(from)
          .match(/^([\s\S]*?)\n=(\d+)=\n/),
      )
      if (code !== '0') throw new Error(`exit ${code} of: ${line}\n${said}`)
      return said.replace(/\n$/, '')
    },
    untilOff: async () => {
      await until('power off', qemu.ended, true)
    },
    pullPlug: async () => {
      qemu.child.kill('SIGKILL')
      await qemu.stop(0)
    },
  }
}

/** A kernel whose KVM is paravirtual (kvm_pvm) starts no stock kernel in it. */
function accelerator(): string[] {
  const works = existsSync('/dev/kvm') && !existsSync('/sys/module/kvm_pvm')
  return works ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg', '-cpu', 'max']
}
