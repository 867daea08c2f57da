/** Tries with a real client what a key must not do on a relay. */
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { accepts } from '../../testbed/accepts.ts'
import { freePort } from '../../testbed/free-port.ts'
import { type Program, runProgram, startProgram } from '../../testbed/run-program.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { FleetRelay } from './fleet-relay.ts'

export interface Scene {
  relay: FleetRelay
  directory: string
  /** Listener ports: tokyo's and osaka's tunnels are up, kyoto's is not. */
  tokyo: number
  osaka: number
  kyoto: number
}

/** Who may open nothing there: `-W`, `-L`, `-D` to a port that somebody listens on. */
export async function deniedOpenings(scene: Scene, who: string, to: string[]): Promise<string[]> {
  const allowed: string[] = []
  for (const address of to) {
    const { stdout, stderr } = await scene.relay.ssh(who, ['-W', address])
    if (!/administratively prohibited/.test(stderr) || stdout !== '') allowed.push(`-W ${address}: ${stdout}${stderr}`)
  }
  return allowed
}

/** `-L` and `-D` ask only when something connects to their local end. */
export async function deniedByLocalEnd(context: TestContext, scene: Scene, who: string, to: number): Promise<void> {
  const local = await freePort()
  const forward = scene.relay.startSsh(who, ['-N', '-L', `127.0.0.1:${local}:127.0.0.1:${to}`])
  context.cleanup(() => forward.stop())
  await waitFor('the local end of -L', () => forward.ended() || accepts(local))
  await forward.says(/administratively prohibited/)

  const socks = await freePort()
  const dynamic = scene.relay.startSsh(who, ['-N', '-D', `127.0.0.1:${socks}`])
  context.cleanup(() => dynamic.stop())
  await waitFor('the local end of -D', () => dynamic.ended() || accepts(socks))
  // SOCKS4: connect to 127.0.0.1:to, with an empty user.
  const request = Buffer.from([4, 1, to >> 8, to & 255, 127, 0, 0, 1, 0])
  const socket = connect(socks, '127.0.0.1').on('error', () => {})
  context.cleanup(() => socket.destroy())
  socket.write(request)
  await dynamic.says(/administratively prohibited/)
}

/** `-R` anything: each must fail. */
export async function deniedListeners(scene: Scene, who: string, listeners: string[]): Promise<void> {
  for (const listener of listeners) {
    const { code, stderr } = await scene.relay.ssh(who, ['-o', 'ExitOnForwardFailure=yes', '-R', listener], 'x')
    assert.match(stderr, /remote port forwarding failed/, `${who} -R ${listener}: ${stderr}`)
    assert.is(code, 255, `${who} -R ${listener}`)
  }
}

/** One port, on every address that is not the literal 127.0.0.1: all interfaces, the loopback by other names. */
export const onOtherAddresses = (port: number) => [
  ...['0.0.0.0:', '[::]:', '[::1]:', 'localhost:', '*:', ':', '127.0.0.2:'].map(
    address => `${address}${port}:127.0.0.1:9`,
  ),
  // Without an address ssh asks for localhost; without a target, for a SOCKS listener.
  ...[`${port}:127.0.0.1:9`, `${port}`, '0'],
]

/** Unix sockets, a terminal, an agent, X11, a tun device, settings, files: all must be refused. */
export async function deniedAnythingElse(
  context: TestContext,
  scene: Scene,
  who: string,
  answer: RegExp,
): Promise<void> {
  const { relay, directory } = scene
  const run = (options: string[], command?: string, more = {}) => relay.ssh(who, options, command, more)
  const said = ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr

  const terminal = await run(['-tt'], undefined, { input: 'touch shell-was-here\n' })
  assert.match(said(terminal), /PTY allocation request failed/)
  const marker = join(directory, `marker-${who}`)
  for (const command of [
    undefined,
    `touch ${marker}`,
    `sh -c 'touch ${marker}'`,
    `\ntouch ${marker}`,
    `;touch ${marker}`,
  ]) {
    assert.match(said(await run(['-T'], command, { input: `touch ${marker}\n` })), answer, `${command}`)
  }
  assert.not(existsSync(marker), 'nothing of it ran')

  const agentSocket = join(directory, `agent-${who}`)
  const agent = startProgram('ssh-agent', ['-D', '-a', agentSocket])
  context.cleanup(() => agent.stop())
  await waitFor('the agent', () => existsSync(agentSocket))
  await run(['-A'], 'x', { env: { SSH_AUTH_SOCK: agentSocket } })
  await logged(relay, /agent forwarding disabled/)
  const x11 = await run(['-X', '-o', 'ForwardX11Trusted=yes'], 'x', { env: { DISPLAY: '127.0.0.1:9' } })
  assert.match(x11.stderr, /X11 forwarding request failed/)
  await run(['-o', 'SetEnv=LD_PRELOAD=/tmp/x.so PATH=/evil'], 'x')
  await logged(relay, /Ignoring env request LD_PRELOAD: disallowed name/)

  // A Unix socket on the relay, at either end.
  const listening = join(directory, `listening-${who}`)
  await deniedListeners(scene, who, [`${listening}:127.0.0.1:9`])
  assert.not(existsSync(listening))
  const local = join(directory, `local-${who}`)
  const forward = relay.startSsh(who, ['-N', '-L', `${local}:${agentSocket}`])
  context.cleanup(() => forward.stop())
  await waitFor('the local end', () => forward.ended() || existsSync(local))
  connect(local).on('error', () => {})
  await forward.says(/open failed/)
  await logged(relay, /refused streamlocal port forward/)

  const file = join(directory, 'some-file')
  await writeFile(file, 'x')
  for (const mode of [[], ['-O']]) {
    const copy = await runProgram('scp', [...mode, ...relay.login(who), file, `127.0.0.1:${marker}`])
    assert.is.not(copy.code, 0, `scp ${mode}`)
  }
  const sftp = await runProgram('sftp', ['-b', '-', ...relay.login(who), '127.0.0.1'], {
    input: `put ${file} ${marker}\n`,
  })
  assert.is.not(sftp.code, 0)
  assert.not(existsSync(marker), 'nothing was copied')
}

/** sshd has written it by now, or soon will. */
async function logged(relay: FleetRelay, pattern: RegExp): Promise<void> {
  await waitFor(`${pattern} in sshd's log`, () => pattern.test(relay.sshd.log()))
}

/** The client must be able to make the device, or the refusal would be its own. */
export const MAY_TUN = process.getuid?.() === 0 && existsSync('/dev/net/tun')

export async function deniedTun(relay: FleetRelay, who: string): Promise<void> {
  if (!MAY_TUN) return
  const tun: Program = relay.startSsh(who, ['-v', '-N', '-w', 'any:any'])
  try {
    await tun.says(
      /Server has rejected tunnel device forwarding|tunnel device forwarding.*(refused|failed)|open failed/,
    )
  } finally {
    await tun.stop()
  }
}
