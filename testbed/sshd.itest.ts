import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from './make-key.ts'
import { startProgram } from './run-program.ts'
import { scratchDirectory } from './scratch.ts'
import { isAlive, startSshd } from './sshd.ts'
import { suite } from './suite.ts'

const test = suite('sshd')

test('starts a real sshd, accepts a key, and leaves no process', async context => {
  const directory = await scratchDirectory(context)
  const key = await makeKey(directory, 'key')
  await writeFile(join(directory, 'authorized_keys'), key.publicKey)
  const sshd = await startSshd({
    directory: join(directory, 'sshd'),
    authorizedKeys: [join(directory, 'authorized_keys')],
  })
  context.cleanup(() => sshd.stop())
  context.onFailure(sshd.log)
  await writeFile(join(directory, 'known_hosts'), `[127.0.0.1]:${sshd.port} ${sshd.hostKey.publicKey}\n`)
  const to = [
    ...['-F', 'none', '-i', key.path, '-p', String(sshd.port), '-o', 'BatchMode=yes'],
    ...['-o', `UserKnownHostsFile=${directory}/known_hosts`, `${sshd.user}@127.0.0.1`],
  ]
  const client = startProgram('ssh', [...to, 'echo "here $$"; exec cat'])
  context.cleanup(() => client.stop())
  const [, pid] = await client.says(/here (\d+)/)
  const pids = await sshd.descendants()
  assert.ok(pids.includes(Number(pid)), 'what runs in the session is below sshd')
  await sshd.stop()
  assert.equal(
    await Promise.all(pids.map(isAlive)),
    pids.map(() => false),
  )
})

test.run()
