/** The example of docs/other-lines.md for IPMI: the real ipmitool, and openipmi's simulated controller with a serial line. */
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { freePort } from '../../testbed/free-port.ts'
import { ptyTarget } from '../../testbed/pty-target.ts'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { bridgeOnLine } from '../testing/line-program.ts'

const test = suite('ipmi')
const NAME = 'ipmitool as the command: types, reads, and is closed and opened again with its session'

const isHere = ['/usr/bin/ipmitool', '/usr/bin/ipmi_sim'].every(path => existsSync(path))
if (!isHere) test.skip(NAME, 'needs ipmitool and openipmi')
else {
  test(NAME, async context => {
    const directory = await scratchDirectory(context)
    const target = await ptyTarget(context, directory)
    const port = await freePort()
    const methods = ['callback', 'user', 'operator', 'admin'].map(of => `allowed_auths_${of} none md2 md5 straight`)
    await writeFile(
      join(directory, 'lan.conf'),
      `name "sim"
set_working_mc 0x20
startlan 1
addr 127.0.0.1 ${port}
priv_limit admin
${methods.join('\n')}
guid a123456789abcdefa123456789abcdef
endlan
sol "${target.path}" 115200
user 2 true "admin" "test" admin 10 none md2 md5 straight
`,
    )
    const controller = ['mc_setbmc 0x20', 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02', 'mc_enable 0x20']
    await writeFile(join(directory, 'emu'), `${controller.join('\n')}\n`)
    await writeFile(join(directory, 'line_password'), 'test')
    await mkdir(join(directory, 'state'))
    const args = ['-c', join(directory, 'lan.conf'), '-f', join(directory, 'emu'), '-s', join(directory, 'state'), '-n']
    const simulated = startProgram('ipmi_sim', args)
    context.cleanup(() => simulated.stop())
    context.onFailure(() => `ipmi_sim:\n${simulated.output()}`)
    const login = `-I lanplus -H $OOBM_LINE_HOST -p ${port} -U admin -f ${directory}/line_password`
    const asked = ['-c', `OOBM_LINE_HOST=127.0.0.1; ipmitool ${login} mc info`]
    await waitFor('the controller', async () => (await runProgram('sh', asked)).code === 0)
    const { untilOpen, attach } = await bridgeOnLine(context, `exec:ipmitool ${login} sol activate`, {
      addresses: ['127.0.0.1'],
      execBreak: '\r~B',
    })
    await untilOpen()
    const alice = await attach('alice')
    assert.match(alice.output(), /on exec:ipmitool, a command\]/)
    await alice.says(/SOL Session operational/, 30_000)
    alice.types('show\r')
    await target.hears(/show/)
    target.says('Router# ')
    await alice.says(/Router# /)
  })
}

test.run()
