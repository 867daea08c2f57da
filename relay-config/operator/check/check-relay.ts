/** Tests a live relay with a device's key: what must work, and what must be refused. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SshAnswer } from '../../../cli/ssh.ts'
import { listenersOf } from '../../../formats/listeners.ts'
import { publicKeySchema } from '../../../formats/names.ts'
import type { Device, Fleet, Relay } from '../../fleet/fleet-config.ts'
import { refusers } from '../relay-keys.ts'
import type { Finding } from './finding.ts'
import { lookAtAlgorithms } from './look-at-algorithms.ts'
import { lookHere } from './look-here.ts'
import { type ProbeSettings, trySsh } from './ssh-probe.ts'
import { causesOf, likelyCauses, shellCause } from './why-refused.ts'
import { withTls } from './with-tls.ts'

/** A device and its private key. */
export interface Identity {
  device: Device
  identityFile: string
}

/** The first finding of each. */
const PINNED = 'its host key is the pinned one'

/** An unknown command: the answer shows that oobm-device-command runs for this key, and nothing changes. */
const NO_COMMAND = 'oobm-relay-check'

/**
 * Yields each finding at once; ends early when nothing more can be tried. It neither claims nor evicts, and tries a listener only
 * with a device that is not connected.
 * @param identities devices that use this relay; at least one
 */
export async function* checkRelay(
  fleet: Fleet,
  relay: Relay,
  identities: Identity[],
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  const scratch = await mkdtemp(join(tmpdir(), 'oobm-check-'))
  try {
    const knownHostsFile = join(scratch, 'known_hosts')
    await writeFile(knownHostsFile, relay.hostKeys.map(key => `relay ${key}\n`).join(''))
    const settingsOf = ({ identityFile }: Identity): ProbeSettings => ({ relay, identityFile, knownHostsFile, signal })
    const [first] = identities
    if (first === undefined) return
    const settings = settingsOf(first)
    const answer = await trySsh(settings, ['-T'], NO_COMMAND)
    if (isRefused(answer)) {
      yield { result: 'ok', what: PINNED }
      yield wrong(`the relay accepts the key of ${first.device.name}`, await whyRefused(settings))
      return
    }
    const login = loginFindings(answer, fleet, relay, first.device)
    yield* login
    if (login.at(-1)?.result === 'WRONG') return
    if (relay.tls) yield await withinTls(settings, fleet, first.device)
    yield await noShell(settings)
    yield await noOpening(settings)
    yield await noForeignListener(settings)
    yield await noSocketListener(settings)
    yield lookAtAlgorithms((await trySsh(settings, ['-vv', '-T'], NO_COMMAND)).said, relay)
    for (const identity of identities) {
      const { said } = await trySsh(settingsOf(identity), [
        '-W',
        `127.0.0.1:${listenersOf(identity.device.port).shell}`,
      ])
      if (PROHIBITED.test(said)) {
        yield wrong(
          `${identity.device.name} may open its own listener`,
          `${remediesOf(relay).setting('AllowTcpForwarding yes')}; if it is set, ${remediesOf(relay).keys}`,
        )
        return
      }
      if (!CONNECT_FAILED.test(said)) continue
      yield { result: 'ok', what: `${identity.device.name} may open its own listener` }
      yield* ownListener(await tryListening(settingsOf(identity), identity.device), identity.device, relay)
      return
    }
    const advice = 'every device whose key is here is connected and uses its ports, which shows that this works'
    yield { result: 'untried', what: 'a device may listen on its own ports, on 127.0.0.1 only', advice }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const PROHIBITED = /administratively prohibited/
const CONNECT_FAILED = /open failed: connect failed/
const LISTEN_FAILED = /remote port forwarding failed/

/** How oobm-device-command answers an unknown command; a relay has its earlier version until the next install. */
const ANSWERS = [
  { program: 'oobm-device-command', what: 'commands' },
  { program: 'oobm-device-word', what: 'words' },
]

/** How to repair a relay. */
function remediesOf({ accounts, name }: Relay): { keys: string; setting(line: string): string } {
  if (accounts === 'shared') {
    return { keys: 'run the rendered "install" on the relay again', setting: line => `set "${line}"` }
  }
  const push = `run "oobm-relay push ${name}"`
  return { keys: push, setting: line => `${push}: its sshd does not have "${line}"` }
}

const wrong = (what: string, advice: string): Finding => ({ result: 'WRONG', what, advice })
const judge = (good: boolean, what: string, advice: string): Finding =>
  good ? { result: 'ok', what } : wrong(what, advice)

function loginFindings({ code, said }: SshAnswer, fleet: Fleet, relay: Relay, device: Device): Finding[] {
  const { keys } = remediesOf(relay)
  const login = `the relay accepts the key of ${device.name}`
  const answers = 'oobm-device-command answers'
  if (/Host key verification failed|HOST IDENTIFICATION HAS CHANGED|no matching host key/i.test(said)) {
    const advice = `another key answers at ${relay.host}:${relay.port}, and ${refusers(fleet, relay)}. Look at the key on the relay itself, not over the network`
    return [
      wrong(
        PINNED,
        `${advice}, and compare with host_keys in the fleet file. If it is the right host and its key was lost, see docs/relay.md, "Replace a lost relay". ssh said: ${lastLine(said)}`,
      ),
    ]
  }
  if (code === 255 || code === undefined) {
    return [wrong(`${relay.host}:${relay.port} answers`, lastLine(said) || 'no answer in time')]
  }
  const good =
    code === 64 &&
    ANSWERS.some(({ program, what }) => said.includes(`${program}: ${device.name}: the ${what} are: claim TOKEN`))
  return [
    { result: 'ok', what: PINNED },
    { result: 'ok', what: login },
    judge(
      good,
      answers,
      `${shellCause(relay.user, code, said) ?? keys}. It said: ${lastLine(said) || `nothing (exit ${code})`}`,
    ),
  ]
}

/** The host key within is looked at as without TLS. */
async function withinTls(settings: ProbeSettings, fleet: Fleet, device: Device): Promise<Finding> {
  const { relay, signal } = settings
  const what = `the same within TLS on port ${relay.port}`
  const answer = await withTls(relay, signal, port =>
    trySsh({ ...settings, relay: { ...relay, host: '127.0.0.1', port } }, ['-T'], NO_COMMAND),
  )
  const bad = loginFindings(answer, fleet, relay, device).find(({ result }) => result !== 'ok')
  if (bad === undefined) return { result: 'ok', what }
  return wrong(what, `${bad.advice}. On the relay, "journalctl -u oobm-relay-tls" is HAProxy's log`)
}

const isRefused = ({ said }: SshAnswer) => /Permission denied/.test(said) && !/Host key verification failed/.test(said)

/** Why sshd refuses the key, if that can be seen; otherwise the possible reasons, the most likely first. */
async function whyRefused(settings: ProbeSettings): Promise<string> {
  const { relay, identityFile } = settings
  const install = relay.accounts === 'shared' ? `${remediesOf(relay).keys}, as ${relay.user}` : remediesOf(relay).keys
  const publicKey = publicKeySchema.safeParse(await readFile(`${identityFile}.pub`, 'utf8').catch(() => ''))
  const facts = publicKey.success ? await lookHere(relay, publicKey.data) : undefined
  if (facts !== undefined) {
    const causes = causesOf(facts, install)
    if (causes.length > 0) return causes.join('; and ')
    return `no reason is visible to root here: it may be PAM. See sshd's log: "journalctl -t sshd -n 20"`
  }
  const { said } = await trySsh(settings, ['-v', '-T'], NO_COMMAND)
  const causes = likelyCauses(relay.user, /Server accepts key/.test(said))
  const list = causes.map((cause, index) => `\n           ${index + 1}. ${cause}`).join('')
  return `${install}. If that does not help, sshd's log on the relay says why ("journalctl -t sshd"). Possible reasons, the most likely first:${list}`
}

async function noShell(settings: ProbeSettings): Promise<Finding> {
  const shell = await trySsh(settings, ['-T'])
  const terminal = await trySsh(settings, ['-tt'])
  const good = shell.code === 64 && /PTY allocation request failed/.test(terminal.said)
  return judge(
    good,
    'no shell and no terminal',
    `this key has a line without "restrict" in authorized_keys: ${remediesOf(settings.relay).keys}`,
  )
}

async function noOpening(settings: ProbeSettings): Promise<Finding> {
  const { said } = await trySsh(settings, ['-W', `127.0.0.1:${settings.relay.port}`])
  return judge(
    PROHIBITED.test(said),
    'other ports cannot be opened',
    `this key has no "permitopen" in authorized_keys: ${remediesOf(settings.relay).keys}`,
  )
}

async function noForeignListener(settings: ProbeSettings): Promise<Finding> {
  const { said } = await trySsh(settings, ['-R', '127.0.0.1:0:127.0.0.1:1'], NO_COMMAND)
  const advice = `this key has no "permitlisten" in authorized_keys: ${remediesOf(settings.relay).keys}`
  return judge(LISTEN_FAILED.test(said), 'other ports cannot be listened on', advice)
}

async function noSocketListener(settings: ProbeSettings): Promise<Finding> {
  const path = `/tmp/oobm-check-${randomBytes(8).toString('hex')}`
  const { said } = await trySsh(settings, ['-R', `${path}:127.0.0.1:1`], NO_COMMAND)
  const setting = remediesOf(settings.relay).setting('AllowStreamLocalForwarding no')
  const advice = `${setting}; and remove ${path} from the relay, which this test has left there`
  return judge(LISTEN_FAILED.test(said), 'Unix sockets cannot be listened on', advice)
}

/** Listens for a moment, while the device is not connected. `-v`: sshd reports an overridden address as a debug message. */
function tryListening(settings: ProbeSettings, device: Device): Promise<SshAnswer> {
  return trySsh(settings, ['-v', '-R', `127.0.0.1:${listenersOf(device.port).shell}:127.0.0.1:1`], NO_COMMAND)
}

function* ownListener({ said }: SshAnswer, device: Device, relay: Relay): Generator<Finding> {
  const listens = !LISTEN_FAILED.test(said)
  const { setting } = remediesOf(relay)
  const advice = `${setting('AllowTcpForwarding yes')}; or another program on the relay listens on ${listenersOf(device.port).shell}`
  yield judge(listens, `${device.name} may listen on its own port`, advice)
  if (!listens) return
  const exposed = /overridden by server GatewayPorts/.test(said)
  yield judge(
    !exposed,
    'listeners are on 127.0.0.1 only',
    `${setting('GatewayPorts no')}: they are open to the network`,
  )
}

/** The last line of the output, without control characters: a relay may send anything. */
function lastLine(said: string): string {
  const line = said.trim().split('\n').at(-1) ?? ''
  return line.replace(/[^ -~]/g, '').slice(0, 200)
}
