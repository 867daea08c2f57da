import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { runProgram, startProgram } from '../../testbed/run-program.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

const test = suite('list-uplinks in a network namespace')

const MODULE = fileURLToPath(new URL('list-uplinks.ts', import.meta.url))
const LIST = `import { listUplinks } from ${JSON.stringify(MODULE)}
process.stdout.write(JSON.stringify(listUplinks().map(({ name, kind }) => [name, kind])))`

if (process.getuid?.() === 0) {
  test('a virtual cable is a cable, and a tap, as a VPN has one, is none', async context => {
    const device = `oobm-d-${process.pid}`
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram('ip', args, { timeoutMs: 60_000 })
      if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
      return stdout
    }
    const listed = async () =>
      JSON.parse(
        await run('netns', 'exec', device, process.execPath, '--import', 'tsx', '--input-type=module', '-e', LIST),
      )
    await run('netns', 'add', device)
    context.cleanup(() => run('netns', 'delete', device))
    await run('-n', device, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'far')
    await run('-n', device, 'address', 'add', '10.0.0.2/24', 'dev', 'cable')
    for (const end of ['far', 'cable']) await run('-n', device, 'link', 'set', end, 'up')
    await run('-n', device, 'route', 'add', 'default', 'via', '10.0.0.1', 'dev', 'cable', 'metric', '100')
    assert.equal(await listed(), [['cable', 'cable']])
    // A tap has a carrier while a program holds it.
    const tap = 'TUN:10.9.0.2/24,tun-type=tap,tun-name=tap0,iff-up'
    const program = startProgram('ip', ['netns', 'exec', device, 'socat', tap, 'PIPE'])
    context.cleanup(() => program.stop())
    const route = ['-n', device, 'route', 'add', 'default', 'via', '10.9.0.1', 'dev', 'tap0', 'metric']
    await waitFor('the tap to be up', () =>
      run(...route, '200').then(
        () => true,
        () => false,
      ),
    )
    assert.equal(await listed(), [['cable', 'cable']], 'it does not stand by')
    await run(...route, '50')
    assert.equal(await listed(), [], 'what has the default route is left alone')
  })
} else {
  test.skip('a virtual cable is a cable, and a tap is none', 'network namespaces need root')
}

test.run()
