import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import * as assert from 'uvu/assert'
import { makeKey } from '../../testbed/make-key.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { relayPaths } from '../relay/relay-paths.ts'
import { dedicatedFleetText } from '../testing/dedicated-fleet-text.ts'
import { readPublicPart, receivePublicPart, stringifyPublicPart } from './public-part.ts'

const test = suite('public part')

async function operator(context: TestContext) {
  const directory = await scratchDirectory(context)
  const alice = await makeKey(directory, 'alice')
  const bob = await makeKey(directory, 'bob')
  const text = dedicatedFleetText({ alice: alice.publicKey, bob: bob.publicKey }, 'host = "192.0.2.1"\nport = 443')
  const file = join(directory, 'fleet.toml')
  for (const device of ['tokyo', 'osaka']) {
    await mkdir(join(directory, 'secrets', device), { recursive: true })
    for (const name of ['relay_key', 'bridge_host_key']) await makeKey(join(directory, 'secrets', device), name)
  }
  const read = async (content = text) => {
    await writeFile(file, content)
    return readPublicPart(file, undefined, relayPaths(join(directory, 'root')))
  }
  return { text, file, alice, read }
}

const sent = (text: string) => receivePublicPart(Readable.from([text]))

async function refused(attempt: Promise<unknown>, pattern: RegExp, exitCode: number): Promise<void> {
  const err = await attempt.then(
    () => undefined,
    (thrown: Error & { exitCode?: number }) => thrown,
  )
  assert.match(err?.message ?? 'it was taken', pattern)
  assert.is(err?.exitCode, exitCode)
}

test('goes to the relay unchanged, and has nothing private', async context => {
  const { read, text } = await operator(context)
  const part = await read()
  const stream = stringifyPublicPart(part)
  assert.not.match(stream, 'PRIVATE KEY')
  const received = await sent(stream)
  assert.equal([received.fleetText, received.relay.name, received.deviceKeys], [text, part.relay.name, part.deviceKeys])
  assert.is(part.deviceKeys.size, received.fleet.devices.length)
})

test('refuses a private key in the fleet file, also in a comment and in PuTTY’s form', async context => {
  const { read, text, file, alice } = await operator(context)
  const line = text.split('\n').length
  for (const secret of [
    alice.privateKey.replaceAll(/^/gm, '# '),
    '# -----BEGIN RSA PRIVATE KEY-----',
    '# -----BEGIN ENCRYPTED PRIVATE KEY-----',
    '# Private-Lines: 1\n# AAAA',
  ]) {
    await refused(read(`${text}${secret}\n`), new RegExp(`^${file}:${line}: the fleet file has a private key`), 78)
    const stream = stringifyPublicPart(await read())
    const changed = JSON.stringify({ ...JSON.parse(stream), fleet: `${text}${secret}\n` })
    await refused(sent(changed), /^the input:\d+: the fleet file has a private key/, 78)
  }
})

test('refuses any other stream, and one without a device’s keys', async context => {
  const { read } = await operator(context)
  const stream = JSON.parse(stringifyPublicPart(await read()))
  for (const other of [
    '',
    '{',
    'null',
    '{}',
    JSON.stringify({ ...stream, oobmRelayPush: 2 }),
    JSON.stringify({ ...stream, more: 1 }),
  ]) {
    await refused(sent(other), /is not from an "oobm-relay push" of this version/, 64)
  }
  for (const device of Object.keys(stream.deviceKeys)) {
    const { [device]: _, ...deviceKeys } = stream.deviceKeys
    await refused(sent(JSON.stringify({ ...stream, deviceKeys })), new RegExp(`the input has no keys of ${device}`), 64)
  }
  await refused(sent(JSON.stringify({ ...stream, relay: 'none' })), /"none" is not a relay with dedicated accounts/, 64)
})

test.run()
