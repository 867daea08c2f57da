import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePortPair } from '../../testbed/free-port.ts'
import { makeKey } from '../../testbed/make-key.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { type Sshd, startSshd } from '../../testbed/sshd.ts'
import { suite } from '../../testbed/suite.ts'

const test = suite('the way to a console from the fleet file')

test('leads by whichever relay of its device answers, also from a folder whose name wants care', async context => {
  const scratch = await scratchDirectory(context)
  const folder = join(scratch, "it's 100% $HOME")
  await mkdir(join(folder, 'rendered/technicians/alice'), { recursive: true })
  const alice = await makeKey(folder, 'alice')
  const authorizedKeys = [join(scratch, 'authorized_keys')]
  await writeFile(join(scratch, 'authorized_keys'), `${alice.publicKey}\n`)
  const port = await freePortPair()
  const start = async (name: string, more = {}) => {
    const sshd = await startSshd({ directory: join(scratch, name), authorizedKeys, ...more })
    context.cleanup(() => sshd.stop())
    return sshd
  }
  const [a, b, device] = [await start('a'), await start('b'), await start('device', { port: port + 1 })]
  const relay = (name: string, { port: its, user, hostKey }: Sshd) =>
    `[[relays]]\nname = "${name}"\nhost = "127.0.0.1"\nport = ${its}\nuser = "${user}"\nhost_keys = ["${hostKey.publicKey}"]\n`
  await writeFile(
    join(folder, 'fleet.toml'),
    `version = 1\n${relay('a', a)}${relay('b', b)}
[[devices]]\nname = "tokyo"\nport = ${port}\nconsoles = [{ name = "sw1", path = "/dev/null" }]
[[technicians]]\nname = "alice"\nkeys = ["${alice.publicKey}"]\nconsoles = "all"\n`,
  )
  const hosts = { 'oobm-relay-a': a, 'oobm-relay-b': b, sw1: device }
  await writeFile(
    join(folder, 'rendered/technicians/alice/known_hosts'),
    Object.entries(hosts)
      .map(([name, { hostKey }]) => `${name} ${hostKey.publicKey}\n`)
      .join(''),
  )
  await a.stop()
  const { code, stderr } = await runProgram(
    'setsid',
    ['--wait', process.execPath, ...programArgs('relay-config/main.ts'), 'watch', 'sw1', '--identity', alice.path],
    { env: { OOBM_FLEET: join(folder, 'fleet.toml') }, timeoutMs: 90_000 },
  )
  // The sshd in the device's place has no such account: ssh has come as far as that, and accepted its host key.
  assert.is(code, 69)
  assert.match(stderr, /^sw1@127\.0\.0\.1: Permission denied \(publickey\)\.$/m)
})

test.run()
