/** Three technicians who log in at a relay, and a bridge with consoles behind it. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type BridgeFiles, bridgeFiles, startBridge, statusWhere } from '../../console-bridge/testing/bridge-fixture.ts'
import { asciiJson } from '../../runtime/printable.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { type PtyTarget, ptyTarget } from '../../testbed/pty-target.ts'
import { type Finished, runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { type LoginRelay, startLoginRelay } from './login-relay.ts'

const PASSWORD = 'correct horse battery'
type Name = 'alice' | 'bob' | 'carol'

export interface LoginScene {
  uids: Record<Name, number>
  relay: LoginRelay
  files: BridgeFiles
  target: PtyTarget
  directory: string
  /** Writes what the device reported of its consoles, so many seconds ago, as oobm-device-command keeps it. */
  reported(consoles: unknown[], agoS: number): Promise<void>
  /** A process of one of the accounts, besides sshd's own. */
  processesOf(name: Name): Promise<string[]>
}

/**
 * alice may have three of four consoles, bob one, carol none by login.
 * @param firstUid of three that nobody on this machine has, nor a test that may run beside this one
 */
export async function loginScene(context: TestContext, firstUid: number): Promise<LoginScene> {
  const uids = { alice: firstUid, bob: firstUid + 1, carol: firstUid + 2 }
  const directory = await scratchDirectory(context)
  const target = await ptyTarget(context, directory)
  const hopKeys = new Map(
    await Promise.all(
      (['alice', 'bob'] as const).map(async name => [name, await makeKey(directory, `hop-${name}`)] as const),
    ),
  )
  const hopKeyOf = (name: 'alice' | 'bob') => [hopKeys.get(name)?.publicKey ?? '']
  const own = async (name: string) => [(await makeKey(directory, `own-${name}`)).publicKey]
  const files = await bridgeFiles(
    context,
    [
      { name: 'core-sw1', path: target.path },
      ...['core-sw2', 'edge-rt1', 'secret'].map(name => ({ name, path: `/dev/not-there-${name}` })),
    ],
    {
      technicians: [
        { name: 'alice', keys: await own('alice'), viaRelay: ['core-sw1', 'core-sw2'], hopKeys: hopKeyOf('alice') },
        { name: 'bob', keys: await own('bob'), viaRelay: ['core-sw1'], hopKeys: hopKeyOf('bob') },
      ],
    },
  )
  const bridge = await startBridge(context, files)
  await statusWhere(files, 'open', ({ consoles }) => consoles[0]?.state === 'open')
  const line = (name: string, port = files.port) => `${name} ${port} ${name} rack1\n`
  const consoles = ['core-sw1', 'core-sw2', 'edge-rt1']
  const notes = '# core-sw2 label Tōkyō, rack 14\n# core-sw2 escape ^Ec\n'
  const account = (uid: number, list: string) => ({ uid, password: PASSWORD, list, jumpPorts: [files.port] })
  const relay = await startLoginRelay({
    directory,
    accounts: {
      alice: account(uids.alice, `${notes}${consoles.map(name => line(name)).join('')}`),
      bob: account(uids.bob, `not a line\n;id 1 x y\n${line('core-sw1')}`),
      carol: account(uids.carol, ''),
    },
    hopKeys,
    bridgeHosts: consoles.map(name => `${name} ${files.hostKey.publicKey}\n`).join(''),
  })
  context.cleanup(() => relay.sshd.stop())
  context.onFailure(() => `${relay.sshd.log()}\n${bridge.output()}`)
  const reports = join(directory, 'devices/rack1')
  await mkdir(reports, { recursive: true })
  await chmod(reports, 0o711)
  await chmod(dirname(reports), 0o711)
  const reported = async (consoles: unknown[], agoS: number) => {
    const list = asciiJson(consoles)
    const atS = Math.floor(Date.now() / 1000) - agoS
    await writeFile(join(reports, 'shown'), `ready ${atS} ${atS} eth0 - -\n`)
    await writeFile(join(reports, 'consoles'), `${atS} ${list}\n`)
    for (const name of ['shown', 'consoles']) await chmod(join(reports, name), 0o644)
  }
  // Ages of hours, which last as long as a test.
  await reported(
    [
      { name: 'core-sw1', open: true, cause: '', who: [{ technician: 'bob', types: true, forS: 60 }], outputS: 3_700 },
      { name: 'core-sw2', open: false, cause: 'the adapter is not plugged in', who: [], outputS: null },
    ],
    7_300,
  )
  const processesOf = async (name: Name) => {
    const { stdout } = await runProgram('ps', ['-o', 'pid=,args=', '-u', String(uids[name])])
    return stdout.split('\n').filter(text => text !== '' && !text.includes('sshd: '))
  }
  return { uids, relay, files, target, directory, reported, processesOf }
}

/** Arguments of `ssh`. */
export function sshArgs({ relay }: LoginScene, who: string, options: string[], ...command: string[]): string[] {
  const common = ['BatchMode=yes', 'IdentitiesOnly=yes', `UserKnownHostsFile=${relay.knownHosts}`, 'LogLevel=ERROR']
  return [
    ...['-F', 'none', '-i', relay.key(who).path, '-p', String(relay.port)],
    ...common.flatMap(option => ['-o', option]),
    ...options,
    `${who}@127.0.0.1`,
    // What follows may begin with a dash, and is not ssh's.
    ...(command.length > 0 ? ['--', ...command] : []),
  ]
}

export function ssh(scene: LoginScene, who: string, options: string[], ...command: string[]): Promise<Finished> {
  return runProgram('ssh', sshArgs(scene, who, options, ...command), { timeoutMs: 40_000 })
}

/** PuTTY’s client, with the password. */
export const plinkOf = ({ relay }: LoginScene, who: string): string[] => [
  ...['plink', '-ssh', '-t', '-no-antispoof', '-P', String(relay.port), '-hostkey', relay.fingerprint],
  ...['-pw', PASSWORD, `${who}@127.0.0.1`],
]
