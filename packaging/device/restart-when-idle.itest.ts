/** After an upgrade each daemon is restarted as soon as nobody uses it, and not while nobody knows. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { startProgram } from '../../testbed/run-program.ts'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'

const test = suite('restart-when-idle')
const SCRIPT = join(import.meta.dirname, 'files/usr/lib/oobm/restart-when-idle')

test('restarts each daemon when nobody uses it any more; a failure of oobm counts as use', async context => {
  const directory = await scratchDirectory(context)
  const place = (name: string) => join(directory, name)
  const programs = place('programs')
  await mkdir(programs)
  const put = (name: string, script: string) =>
    writeFile(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const answers = async (script: string) => {
    await writeFile(place('asked'), '')
    await put('oobm', `${script}; echo "$@" >>${place('asked')}`)
    await waitFor('two questions', async () => (await readFile(place('asked'), 'utf8')).split('\n').length > 2)
  }
  const restarted = () => readFile(place('restarted'), 'utf8').catch(() => '')
  await put('deb-systemd-invoke', `echo "$@" >>${place('restarted')}`)
  await put('oobm', 'exit 1')
  const env = { PATH: `${programs}:${process.env.PATH}`, OOBM_PACE_S: '0.1' }
  const script = startProgram(SCRIPT, [], { env })
  context.cleanup(() => script.stop())
  context.onFailure(script.output)
  await answers('trap "exit 1" EXIT')
  await answers('echo oobm-supervisor; echo oobm-console')
  assert.is(await restarted(), '')
  await answers('echo oobm-supervisor')
  assert.is(await restarted(), 'restart oobm-console.service\n')
  assert.is((await readFile(place('asked'), 'utf8')).split('\n')[0], 'status --in-use')
  await put('oobm', ':')
  await waitFor('it to end', script.ended)
  assert.is(await restarted(), 'restart oobm-console.service\nrestart oobm-supervisor.service\n')
})

test.run()
