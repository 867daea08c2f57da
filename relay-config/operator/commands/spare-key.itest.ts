import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { parseProvisioning } from '../../../formats/provisioning.ts'
import { runProgram } from '../../../testbed/run-program.ts'
import { startSshd } from '../../../testbed/sshd.ts'
import { suite } from '../../../testbed/suite.ts'
import { operator, settings } from '../../testing/operator.ts'

const test = suite('the spare host key of a shared relay')

test(
  'devices and technicians of a shared relay pin a spare host key, which no host has had',
  async context => {
    const { folder, oobmRelay, startRelay, install, writeFleet } = await operator(context)
    const sshd = await startRelay('relay', settings())
    await oobmRelay('keys', '--all')
    const spare = join(folder, 'secrets/_relays/lab/spare_host_key')
    assert.is((await stat(spare)).mode & 0o777, 0o600)
    assert.is((await oobmRelay('issue', 'tokyo')).code, 0)
    assert.is((await oobmRelay('render')).code, 0)
    assert.is((await install()).code, 0)
    const publicKey = (await readFile(`${spare}.pub`, 'utf8')).split(' ').slice(0, 2).join(' ')
    const issued = parseProvisioning('x', await readFile(join(folder, 'secrets/tokyo/oobm.toml'), 'utf8'))
    assert.equal(issued.config.relays[0]?.hostKeys, [sshd.hostKey.publicKey, publicKey])
    const known = await readFile(join(folder, 'rendered/technicians/alice/known_hosts'), 'utf8')
    assert.match(known, `oobm-relay-lab ${publicKey}\n`)
    const onTheRelay = await runProgram('grep', ['-rlF', publicKey.split(' ')[1] ?? '', join(folder, 'rendered/relay')])
    assert.is(onTheRelay.stdout, '', 'the relay gets nothing of it')

    // The host is lost; another one has the spare key.
    await sshd.stop()
    const hostKey = { path: spare, publicKey, privateKey: await readFile(spare, 'utf8') }
    const other = await startSshd({
      directory: join(folder, 'other'),
      hostKey,
      authorizedKeys: [join(folder, 'home/.ssh/authorized_keys')],
      config: settings(),
    })
    context.cleanup(() => other.stop())
    await writeFleet(other.port, other.user)
    const checked = await oobmRelay('check')
    assert.is(checked.code, 0, checked.stdout)
    assert.equal((await readdir(join(folder, 'secrets/_relays/lab'))).sort(), ['spare_host_key', 'spare_host_key.pub'])
  },
  { timeoutMs: 120_000 },
)

test.run()
