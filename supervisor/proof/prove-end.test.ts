import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { DeviceConfig } from '../../formats/device-config.ts'
import { suite } from '../../testbed/suite.ts'
import { FakeClock } from '../loop/testing/fake-clock.ts'
import type { ConnectOptions, Fault } from '../ssh/connection.ts'
import { ends, execution, ScriptedConnection, says, settle } from '../ssh/testing/scripted-connection.ts'
import { type End, type MarkerFiles, markerFiles, type ProveOptions, proveEnd } from './prove-end.ts'

const test = suite('prove-end')

const CONFIG = {
  shell: { port: 22, hostKeyFile: '/etc/ssh/key.pub' },
  bridge: { port: 2_222, hostKey: 'ssh-ed25519 BRIDGE' },
  selftest: { user: 'oobm-selftest' },
} as DeviceConfig
const ever = () => new AbortController().signal

interface Scene {
  fault?: Fault
  connection?: ScriptedConnection
  files?: Partial<MarkerFiles>
  signal?: AbortSignal
  connect?: ProveOptions['connect']
}

/** A proof against a server that lets in and makes the marker, unless the scene says otherwise. */
async function prove(end: End, { fault, connection, files, signal = ever(), connect }: Scene = {}) {
  const clock = new FakeClock()
  const logins: ConnectOptions[] = []
  const markers = new Set<string>()
  const forgotten: string[] = []
  const inner =
    connection ??
    new ScriptedConnection({
      exec: command => {
        markers.add(command.replace('exec ', ''))
        return says('', 0)
      },
      end: () => true,
    })
  const stream = ends()[0]
  const proving = proveEnd(end, stream, {
    ...{ config: CONFIG, key: { privateKey: 'selftest key', markers: '/run/oobm/selftest' }, clock, signal },
    ident: 'oobm_selftest',
    files: {
      hostKey: async () => 'ssh-ed25519 SHELL',
      appeared: async nonce => markers.has(nonce),
      forget: async nonce => void forgotten.push(nonce),
      ...files,
    },
    connect: async options => {
      logins.push(options)
      if (connect) return connect(options)
      return fault ? { ok: false, fault } : { ok: true, connection: inner }
    },
  })
  await clock.runUntil(60_000)
  return { found: await proving, login: logins[0], inner, markers, forgotten, stream, clock }
}

test('the shell is proved when the login of the self-test makes its marker here, which is then removed', async () => {
  const { found, login, inner, markers, forgotten, stream, clock } = await prove('shell')
  assert.is(found, undefined)
  assert.is(login?.stream, stream)
  assert.is(login?.user, 'oobm-selftest')
  assert.equal(login?.credentials, { privateKey: 'selftest key' })
  assert.equal(login?.hostKeys, ['ssh-ed25519 SHELL'], 'only this device’s own sshd')
  assert.is(login?.ident, 'oobm_selftest')
  const [nonce] = [...markers]
  assert.match(nonce ?? '', /^[0-9a-f]{32}$/)
  assert.equal(forgotten, [nonce])
  assert.ok(inner.closed.aborted, 'it has logged out')
  assert.is(clock.sleeping, 0)
})

test('two proofs do not take each other’s marker', async () => {
  const [one, two] = [await prove('shell'), await prove('shell')]
  assert.is.not([...one.markers][0], [...two.markers][0])
})

test('a command that ended well without a marker here ran on another machine', async () => {
  let looks = 0
  const { found, forgotten, inner } = await prove('shell', {
    files: {
      appeared: async () => {
        looks++
        return false
      },
    },
  })
  assert.match(found ?? '', 'its marker file did not appear here: is it another machine?')
  assert.is(looks, 10)
  assert.is(forgotten.length, 1)
  assert.ok(inner.closed.aborted)
})

test('a marker that appears a moment later is one', async () => {
  let looks = 0
  const { found } = await prove('shell', { files: { appeared: async () => ++looks === 3 } })
  assert.is(found, undefined)
})

for (const [code, cause] of [
  [1, 'the self-test command ended with 1: can it write its marker file?'],
  [64, 'the self-test command ended with 64'],
  [undefined, 'the self-test command ended without an exit code'],
] as const) {
  test(`a command that ends with ${code} proves nothing, marker or not`, async () => {
    const { answer } = execution('', Promise.resolve(code))
    const connection = new ScriptedConnection({ exec: () => answer, end: () => true })
    const { found, forgotten } = await prove('shell', { connection, files: { appeared: async () => true } })
    assert.match(found ?? '', cause)
    assert.is(forgotten.length, 1)
    assert.ok(connection.closed.aborted)
  })
}

test('a command that does not end proves nothing, marker or not', async () => {
  const { answer } = execution('', new Promise(() => {}))
  const connection = new ScriptedConnection({ exec: () => answer, end: () => true })
  const over = new AbortController()
  const found = prove('shell', { connection, files: { appeared: async () => true }, signal: over.signal })
  await settle()
  over.abort()
  assert.is((await found).found, 'the self-test command did not end in time')
})

test('a server that runs no command proves nothing', async () => {
  const connection = new ScriptedConnection({ exec: () => ({ ok: false, cause: 'it runs none' }), end: () => true })
  const { found } = await prove('shell', { connection, files: { appeared: async () => true } })
  assert.is(found, 'sshd does not run the self-test command: it runs none')
})

test('a goodbye that is not answered is not waited for, and the connection is cut', async () => {
  const connection = new ScriptedConnection({ exec: () => says('', 0) })
  const { found, clock } = await prove('shell', { connection, files: { appeared: async () => true } })
  assert.is(found, undefined)
  assert.ok(connection.closed.aborted)
  assert.is(clock.sleeping, 0)
})

test('a host key that cannot be read, and a defect, are told as this device’s', async () => {
  const unread = await prove('shell', { files: { hostKey: () => Promise.reject(new Error('EACCES')) } })
  assert.is(unread.found, 'the public host key of sshd cannot be read: EACCES')
  assert.is(unread.login, undefined, 'nobody is asked')
  const defect = await prove('console', { connect: () => Promise.reject(new Error('defect')) })
  assert.is(defect.found, 'the self-test cannot run on this device: defect')
})

test('the console is proved by the bridge’s own host key, and no login is tried there', async () => {
  const fault = { kind: 'authentication', detail: 'no login was tried' } as const
  const { found, login } = await prove('console', { fault })
  assert.is(found, undefined)
  assert.equal(login?.hostKeys, ['ssh-ed25519 BRIDGE'])
  assert.is(login?.credentials, undefined)
  assert.is(login?.ident, 'oobm_selftest')
})

test('what lets everybody in is not the console bridge, and is left', async () => {
  const { found, inner } = await prove('console')
  assert.match(found ?? '', 'it is not the console bridge')
  assert.ok(inner.closed.aborted)
})

const FAULTS: [Fault['kind'], cause: string][] = [
  ['host-key', 'another SSH server answers: its host key is DETAIL'],
  ['algorithms', 'another SSH server answers: it has no host key of the expected type'],
  ['own-key', 'the key of the self-test cannot be used (DETAIL)'],
  ['silent', 'the SSH server did not answer in time'],
  ['not-ssh', "what answers is not this device's SSH server (DETAIL)"],
  ['closed', 'the connection was closed before the login (DETAIL): is anything behind the port?'],
]
for (const [kind, cause] of FAULTS) {
  test(`neither end is proved by a login that fails by ${kind}`, async () => {
    const fault = { kind, detail: 'DETAIL' }
    assert.is((await prove('shell', { fault })).found, cause)
    assert.is((await prove('console', { fault })).found, cause)
  })
}

test('the shell is not proved by an sshd that refuses the self-test', async () => {
  const { found } = await prove('shell', { fault: { kind: 'authentication', detail: '' } })
  assert.is(
    found,
    'sshd refuses the self-test: check the account oobm-selftest and /etc/ssh/sshd_config.d/50-oobm.conf',
  )
})

test('ends when aborted: before the command starts, before it ends, before the marker is there', async () => {
  const never = new Promise<number>(() => {})
  const scenes: Scene[] = [
    { connection: new ScriptedConnection({ end: () => true }) },
    { connection: new ScriptedConnection({ exec: () => execution('', never).answer, end: () => true }) },
    { files: { appeared: async () => false } },
  ]
  for (const scene of scenes) {
    const over = new AbortController()
    const proving = prove('shell', { ...scene, signal: over.signal })
    await settle()
    over.abort()
    assert.ok((await proving).found)
  }
  const before = await prove('shell', { signal: AbortSignal.abort(), files: { appeared: async () => true } })
  assert.ok(before.found, 'an answer that nobody waited for proves nothing')
})

test('the marker is looked for, and removed, where the forced command puts it', async ({ cleanup }) => {
  const markers = mkdtempSync(join(tmpdir(), 'oobm-markers-'))
  cleanup(() => rmSync(markers, { recursive: true }))
  const hostKeyFile = join(markers, 'key.pub')
  writeFileSync(hostKeyFile, '\nssh-ed25519  AAAA root@device\n')
  const files = markerFiles({ shell: { hostKeyFile } } as DeviceConfig, { privateKey: '', markers })
  assert.is(await files.hostKey(), 'ssh-ed25519 AAAA')
  assert.not(await files.appeared('f00d'))
  writeFileSync(join(markers, 'f00d'), '')
  assert.ok(await files.appeared('f00d'))
  assert.not(await files.appeared('beef'))
  await files.forget('f00d')
  await files.forget('f00d')
  assert.not(await files.appeared('f00d'))
})

test.run()
