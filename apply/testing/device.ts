/** A device for tests of `oobm-apply`: a root folder with settings, a folder for documents, and stand-ins for systemd's programs. */
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { install } from '../../device/import/install.ts'
import { wholeFrom } from '../../device/import/take-over.ts'
import type { DeviceConfigInput } from '../../formats/device-config.ts'
import { stringifyProvisioning } from '../../formats/provisioning.ts'
import { SETTINGS_NAMESPACE } from '../../formats/settings-document.ts'
import { readSettingsRecord, type SettingsRecord } from '../../formats/settings-record.ts'
import { fingerprint } from '../../formats/ssh-key.ts'
import { readToml, stringifyToml } from '../../formats/toml-file.ts'
import { heartbeatNow } from '../../runtime/boot-clock.ts'
import { writeAtomically } from '../../runtime/write-atomically.ts'
import { type KeyPair, makeKey } from '../../testbed/make-key.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import type { TestContext } from '../../testbed/suite.ts'

const PROGRAM = 'build/lib/oobm-apply.cjs'

export interface TestDevice {
  directory: string
  root: string
  spool: string
  env: NodeJS.ProcessEnv
  keys: Record<'relay' | 'bridge' | 'signer' | 'other' | 'alice' | 'bob', KeyPair>
  /** A document for this device, signed. */
  sign(content: object, key?: KeyPair, namespace?: string): Promise<string>
  /** What each document begins with. */
  head(serial: number): object
  put(name: string, content: string | Uint8Array): Promise<void>
  /** A document that changes the relay, and more. */
  connectivity(serial: number, host: string, more?: object): object
  /** Runs the program, and meanwhile calls `each` every 30 ms: the supervisor lives. */
  runWhile(each: () => Promise<unknown>, env?: NodeJS.ProcessEnv): Promise<{ code: number | null; stdout: string }>
  /** Runs the program until nothing is left to do. */
  run(env?: NodeJS.ProcessEnv): Promise<{ code: number | null; stdout: string; stderr: string }>
  record(): Promise<SettingsRecord>
  read(path: string): Promise<string>
  /** The settings with which the supervisor started last. */
  running(): Promise<string>
  /** What systemd was asked. */
  asked(): Promise<string[]>
  /** As the supervisor writes it, alive. */
  writeStatus(change: { state: string; proved?: boolean; cause?: string; sessions?: number }): Promise<void>
}

/** @param parent of the folder where all of it is */
export async function makeDevice(
  context: TestContext,
  config: Partial<DeviceConfigInput> = {},
  parent?: string,
): Promise<TestDevice> {
  const directory = await scratchDirectory(context, parent)
  const at = (name: string) => join(directory, name)
  const [root, spool, run, bin] = [at('root'), at('spool'), at('run-oobm'), at('bin')] as [
    string,
    string,
    string,
    string,
  ]
  for (const folder of [root, spool, run, bin, at('run-apply'), at('state')]) await mkdir(folder)
  // A supervisor that starts has no status; what the test was about to write of the one before comes before its end.
  const script = `#!/bin/sh\necho "systemctl $*" >>'${at('asked')}'
case $* in *supervisor*) cp '${root}/etc/oobm/device.toml' '${at('running.toml')}'; sleep 0.1; rm -f '${run}/status.json' ;; esac\n`
  await writeFile(join(bin, 'systemctl'), script)
  await chmod(join(bin, 'systemctl'), 0o755)
  const names = ['relay', 'bridge', 'signer', 'other', 'alice', 'bob'] as const
  const made = await Promise.all(names.map(name => makeKey(directory, name)))
  const keys = Object.fromEntries(names.map((name, index) => [name, made[index]])) as TestDevice['keys']
  const text = stringifyProvisioning(
    {
      version: 1,
      device: 'rack1',
      relays: [{ host: 'old.example.net', user: 'oobm', hostKeys: [keys.relay.publicKey] }],
      listenerPort: 20100,
      bridge: { hostKey: keys.bridge.publicKey },
      consoles: [{ name: 'core-sw1', path: '/dev/ttyUSB0' }],
      technicians: ['alice' as const, 'bob' as const].map(name => ({
        name,
        keys: [keys[name].publicKey],
        shell: true,
      })),
      ...config,
    },
    { relayKey: keys.relay.privateKey, bridgeHostKey: keys.bridge.privateKey },
    {},
    { serial: 5, signers: [keys.signer.publicKey] },
  )
  await install(wholeFrom(readToml('x', text)).text, root)
  await cp(join(root, 'etc/oobm/device.toml'), at('running.toml'))
  const env = {
    ...{ PATH: `${bin}:${process.env.PATH}`, OOBM_ROOT: root, OOBM_SETTINGS_SPOOL: spool },
    ...{ OOBM_SETTINGS_RECORD: at('state/settings.json'), RUNTIME_DIRECTORY: at('run-apply') },
    ...{ OOBM_PACE_MS: '100', OOBM_RUNTIME_DIRECTORY: run, OOBM_CONSOLE_RUNTIME_DIRECTORY: at('none') },
  }
  return {
    ...{ directory, root, spool, env, keys },
    sign: async (content, key = keys.signer, namespace = SETTINGS_NAMESPACE) => {
      const signed = stringifyToml(content)
      const args = ['-Y', 'sign', '-q', '-f', key.path, '-n', namespace]
      const { stdout, stderr, code } = await runProgram('ssh-keygen', args, { input: signed })
      if (code !== 0) throw new Error(stderr)
      return `${signed}${stdout}`
    },
    head: serial => ({ version: 1, device: 'rack1', fingerprint: fingerprint(keys.bridge.publicKey), serial }),
    connectivity: (serial, host, more = {}) => ({
      ...{ version: 1, device: 'rack1', fingerprint: fingerprint(keys.bridge.publicKey), serial },
      connectivity: {
        relays: [{ host, user: 'oobm', hostKeys: [keys.relay.publicKey] }],
        listenerPort: 20100,
        consoles: [{ name: 'core-sw1', path: '/dev/ttyUSB0' }],
        ...more,
      },
    }),
    runWhile: async (each, more = {}) => {
      let isOver = false
      const running = runProgram(process.execPath, [PROGRAM], {
        env: { ...process.env, ...env, ...more },
        timeoutMs: 60_000,
      }).finally(() => {
        isOver = true
      })
      while (!isOver) {
        await each()
        await setTimeout(30)
      }
      return running
    },
    put: (name, content) => writeFile(join(spool, name), content),
    run: (more = {}) =>
      runProgram(process.execPath, [PROGRAM], { env: { ...process.env, ...env, ...more }, timeoutMs: 60_000 }),
    record: async () => {
      const record = await readSettingsRecord(at('state/settings.json'))
      if (record === undefined) throw new Error('there is no record')
      return record
    },
    read: path => readFile(join(root, path), 'utf8'),
    running: () => readFile(at('running.toml'), 'utf8'),
    asked: async () => {
      const text = await readFile(at('asked'), 'utf8').catch(() => '')
      await rm(at('asked'), { force: true })
      return text.split('\n').filter(Boolean)
    },
    writeStatus: async ({ state, proved = false, cause = 'x', sessions = 0 }) => {
      const status = {
        ...{ version: 1, device: 'rack1', software: '0', pid: process.pid, heartbeat: heartbeatNow(), state, cause },
        ...{ since: 0, relay: null, connectedAt: null, retryAt: null, changes: [] },
        proof: {
          provedAt: proved ? Date.now() : null,
          by: proved ? 'login' : null,
          tookMs: null,
          attempt: null,
          probeMs: null,
        },
        sessions: { shell: sessions, console: 0 },
      }
      await writeAtomically(join(run, 'status.json'), JSON.stringify(status), 0o644)
    },
  }
}
