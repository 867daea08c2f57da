/** The operator's own end-to-end ssh to a device, as its administrator: runs scripts there, and sends files. */
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runSsh, SSH_FAILED, sshSettings } from '../../../cli/ssh.ts'
import { EXIT, UserError } from '../../../runtime/errors.ts'
import { printable } from '../../../runtime/printable.ts'
import { within } from '../../../runtime/waiting.ts'
import { accessOf, relaysOf } from '../../fleet/access.ts'
import { GATEWAY_TECHNICIAN, hostBy } from '../../fleet/host-names.ts'
import { renderSshConfig } from '../../fleet/render/ssh-config.ts'
import type { CommandInput } from '../command.ts'
import { filesOf, technicianOf } from '../console-way.ts'
import { FOLDER } from './device-scripts.ts'
import type { Package } from './packages.ts'
import { watchPosition } from './watch-position.ts'

/** The account of administrators on every device (docs/ways-in.md). */
const ACCOUNT = GATEWAY_TECHNICIAN

/**
 * What is on its way at a time. A console shares the tunnel's one TCP connection with the files, and a keystroke waits for all
 * that was sent before it: on a line of 9 kB/s, 0.2 s with 2 KiB, 0.7 s with 4 KiB, and with sftp's own 2 MB a session ends
 * (docs/upgrade.md). A round trip of 50 ms still leaves 40 kB/s.
 */
const PACE = ['-R', '1', '-B', '2048']

export type Answer =
  | { kind: 'answered'; code: number; said: string }
  /** The way there failed; ssh says why. */
  | { kind: 'unreachable'; reason: string }

export interface DeviceWay {
  /**
   * @param script POSIX shell
   * @param args words without anything that a shell would read
   * @param onText gets what it says, as it comes
   */
  run(script: string, args: readonly string[], limitMs: number, onText?: (text: string) => void): Promise<Answer>
  /** Continues a file at the length that is there. @param onBytes gets how much is there */
  send(file: Package, onBytes: (bytes: number) => void): Promise<Answer>
}

export interface WayOptions {
  signal: AbortSignal
  /** Kilobits per second, for each file. */
  limitKbit?: number
}

/** Milliseconds in which a file of any length must move on; the keepalives of ssh notice a dead line. */
const FILE_MS = 24 * 3_600_000

/**
 * @param folder of this run, with a configuration of ssh that asks nobody anything
 * @returns the way to a device, by its name
 * @throws UserError for a device that the operator does not administer
 */
export async function devicesWays(
  input: CommandInput,
  devices: readonly string[],
  folder: string,
  options: WayOptions,
): Promise<(device: string) => DeviceWay> {
  const { fleet, files } = input
  const technician = technicianOf(input)
  const admins = accessOf(fleet, technician).filter(({ admin }) => admin)
  const refused = devices.filter(name => !admins.some(({ device }) => device.name === name))
  if (refused.length > 0) {
    const which = `admins = ${JSON.stringify(refused.slice(0, 3))}${refused.length > 3 ? ' and more' : ''}`
    const advice = `give them ${which} in ${files.fleet}, and push the settings; --as names somebody else`
    throw new UserError(`${technician.name} is not an administrator of ${refused.join(', ')}: ${advice}`, EXIT.usage)
  }
  const config = join(folder, 'ssh_config')
  const rendered = renderSshConfig(fleet, technician, await filesOf(input, technician))
  // Many connections at once: a question of each would reach nobody. It holds for the hop over the relay, too.
  await writeFile(
    config,
    rendered.replaceAll('BatchMode no', 'BatchMode yes').replaceAll('ConnectTimeout 60', 'ConnectTimeout 20'),
  )
  return name => {
    const device = admins.find(({ device }) => device.name === name)?.device
    if (device === undefined) throw new Error(`no way to ${name}`)
    const relays = relaysOf(fleet, device)
    const hosts = relays.length === 1 ? [name] : relays.map(relay => hostBy(name, relay.name))
    return wayTo(hosts, config, folder, options)
  }
}

/** By the relay that answered last, then by the others in the device's order. */
function wayTo(hosts: readonly string[], config: string, folder: string, { signal, limitKbit }: WayOptions): DeviceWay {
  let order = [...hosts]
  const options = ['-F', config, ...sshSettings({ User: ACCOUNT, LogLevel: 'ERROR', ClearAllForwardings: 'yes' })]
  const byEach = async (attempt: (host: string) => Promise<Answer>): Promise<Answer> => {
    const reasons: string[] = []
    for (const host of order) {
      const answer = await attempt(host)
      if (answer.kind === 'answered') {
        order = [host, ...order.filter(other => other !== host)]
        return answer
      }
      reasons.push(answer.reason)
      if (signal.aborted) break
    }
    return { kind: 'unreachable', reason: [...new Set(reasons)].join('; ') }
  }
  const call = async (limitMs: number, run: Parameters<typeof within<Said>>[2]): Promise<Answer> => {
    const outcome = await within(limitMs, [signal], run)
    if (outcome.kind === 'aborted') return { kind: 'unreachable', reason: 'interrupted' }
    if (outcome.kind === 'timeout') return { kind: 'unreachable', reason: `no answer within ${limitMs / 1000} s` }
    const { code, said } = outcome.value
    if (code === undefined || code === SSH_FAILED) return { kind: 'unreachable', reason: lastLine(said) }
    return { kind: 'answered', code, said }
  }
  return {
    run: (script, args, limitMs, onText) =>
      byEach(host =>
        call(limitMs, over =>
          runSsh(['-T', ...options, '--', host, ['exec', 'sh', '-s', '--', ...args].join(' ')], {
            ...{ stdin: { text: script }, kept: 'all', signal: over },
            ...(onText && { onText }),
          }),
        ),
      ),
    send: (file, onBytes) =>
      byEach(host =>
        call(FILE_MS, async over => {
          // A name without anything that sftp would read, whatever the file is called.
          const link = join(folder, `${file.sha256}.deb`)
          await symlink(file.path, link).catch(() => {})
          const batch = `reput ${quoted(link)} ${FOLDER}/${file.sha256}.deb\n`
          const pace = limitKbit === undefined ? PACE : [...PACE, '-l', String(limitKbit)]
          const args = [...options, '-q', ...pace, '-b', '-', '--', host]
          let stop = () => {}
          try {
            return await runSsh(args, {
              ...{ program: 'sftp', stdin: { text: batch }, kept: 'all', signal: over },
              onStart: pid => {
                stop = watchPosition(pid, file.path, onBytes)
              },
            })
          } finally {
            stop()
          }
        }),
      ),
  }
}

type Said = { code: number | undefined; said: string }

function quoted(path: string): string {
  return `"${path.replaceAll(/[\\"*?[]/g, '\\$&')}"`
}

function lastLine(said: string): string {
  const lines = said.split('\n').filter(line => line.trim() !== '')
  return printable(lines.at(-1) ?? 'the connection ended without a word', 300)
}
