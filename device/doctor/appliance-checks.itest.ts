import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { applianceChecks } from './appliance-checks.ts'
import { runChecks } from './finding.ts'

const test = suite('doctor of an appliance')

test('reports what the start found, and nothing on a machine that is not the appliance', async context => {
  const directory = await scratchDirectory(context)
  const env = { OOBM_FACTS: join(directory, 'facts'), OOBM_PROVISION_DIRECTORY: join(directory, 'provision') }
  const findings = async () =>
    (await runChecks(applianceChecks(env), 60_000, context.signal)).map(
      ({ what, result, detail }) => `${what} ${result} ${detail}`,
    )
  assert.equal(await findings(), [])
  for (const folder of Object.values(env)) await mkdir(folder)
  await writeFile(join(env.OOBM_FACTS, 'data'), 'ok\n')
  assert.equal(await findings(), ['data partition ok '])
  await writeFile(join(env.OOBM_FACTS, 'data'), 'lost\n')
  await writeFile(join(env.OOBM_FACTS, 'why'), 'the card cannot be read\n')
  await writeFile(join(env.OOBM_FACTS, 'fallen'), '3\n')
  await writeFile(join(env.OOBM_PROVISION_DIRECTORY, 'fault'), 'oobm.toml on the boot partition: line 2\n')
  assert.equal(await findings(), [
    'boot partition wrong oobm.toml on the boot partition: line 2',
    'data partition wrong the card cannot be read: no change survives a restart',
    'system upgrade wrong generation 3 did not prove itself; the previous one runs again',
  ])
})

test.run()
