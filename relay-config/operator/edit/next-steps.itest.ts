import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../../../testbed/make-key.ts'
import { suite } from '../../../testbed/suite.ts'
import { fleetEditor } from '../../testing/fleet-editor.ts'

const test = suite('what comes next')

/** The steps of an answer, without what is said beside them. */
const stepsOf = (said: string) =>
  said
    .split('\n')
    .flatMap(line => /^(?:Next: | {6})(.*)$/.exec(line)?.[1] ?? [])
    .map(step => step.replace(/ {4}# .*/, ''))

test('each change prints the next steps, where, and for whom', async context => {
  const { folder, file, must, run } = await fleetEditor(context)
  const [hostKey, alice, bob] = await Promise.all(['host', 'alice', 'bob'].map(name => makeKey(folder, name)))
  await writeFile(
    file,
    `version = 1
[[relays]]
name = "fra"
host = "relay.example"
user = "ec2-user"
host_keys = ["${hostKey?.publicKey}"]
[[relays]]
name = "lon"
accounts = "dedicated"
host = "lon.example"
host_keys = ["${hostKey?.publicKey}"]
`,
  )
  const install = 'ssh -p 443 ec2-user@relay.example sh -s < rendered/relay/fra/install'
  const both = ['oobm-relay render', install, 'oobm-relay push lon']
  const add = async (...args: string[]) => stepsOf(await must(['add', ...args]))
  assert.equal(await add('device', 'tokyo', '--relays', 'fra'), [
    ...['oobm-relay keys tokyo', ...both, 'oobm-relay issue tokyo'],
  ])
  await add('device', 'osaka', '--relays', 'lon')
  assert.equal(await add('console', 'tokyo', 'sw1', '--path', '/dev/serial/by-id/a'), [
    ...both,
    'oobm-relay issue tokyo',
  ])
  const technician = await add(
    'technician',
    'alice',
    '--key',
    `${alice?.path}.pub`,
    '--consoles',
    'all',
    '--shells',
    'osaka',
  )
  const send = 'send the folder rendered/technicians/alice to alice'
  assert.equal(technician, [...both, 'oobm-relay issue tokyo', 'oobm-relay issue osaka', send])
  assert.equal(await add('technician', 'bob', '--key', `${bob?.path}.pub`), both, 'nothing is open to them')

  const renamed = await must(['rename', 'device', 'tokyo', 'edo'])
  assert.match(renamed, /secrets\/tokyo is not here: where the keys are, rename that folder to edo\.$/m)
  assert.equal(stepsOf(renamed), [...both, 'oobm-relay issue edo'], 'its keys are those that it had')
  const removed = await must(['remove', 'technician', 'alice'])
  assert.equal(stepsOf(removed), [...both, 'oobm-relay issue edo', 'oobm-relay issue osaka'])
  assert.match(removed, /Until then, alice can still log in\.$/m)

  // Once devices know who signs, only a new one needs a file.
  const signer = `\n[settings]\nsigners = ["${bob?.publicKey}"]\n`
  await writeFile(file, (await readFile(file, 'utf8')) + signer)
  assert.equal(await add('console', 'osaka', 'sw2', '--path', '/dev/serial/by-id/b'), [
    ...[...both, 'oobm-relay settings push osaka'],
  ])
  await writeFile(file, (await readFile(file, 'utf8')).replace(signer, ''))

  // A clone of what is in git.
  const { code, said } = await run(['issue', 'edo'])
  assert.is(code, 78)
  assert.match(
    said,
    /make it with "oobm-relay keys edo" if the device is new; the keys of a device in the field are in secrets\//,
  )
  assert.match(await must(['keys', 'edo']), /secrets is new\. If devices are in the field already, they do not know/)
  assert.not.match(await must(['keys', 'osaka']), /secrets is new/)
  const issued = await must(['issue', 'edo'])
  assert.equal(stepsOf(issued), ['oobm-relay render', install, 'oobm-relay push lon'].slice(0, 2))
  await rm(join(folder, 'secrets'), { recursive: true })
})

test.run()
