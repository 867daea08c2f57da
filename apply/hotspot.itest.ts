/** `oobm-apply`: a trial of connectivity and the hotspot keep out of each other's way. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { readRequestAnswers } from '../formats/recovery-request.ts'
import { writeAtomically } from '../runtime/write-atomically.ts'
import { suite } from '../testbed/suite.ts'
import { makeDevice } from './testing/device.ts'

const test = suite('oobm-apply: the hotspot')

test('a trial waits while somebody is on the hotspot, ends it when it begins, and has it refused until it is decided', async context => {
  const device = await makeDevice(context)
  const at = (name: string) => join(device.directory, name)
  const provisioning = join(device.root, 'run/oobm-provision')
  await mkdir(provisioning, { recursive: true })
  await writeFile(join(provisioning, 'hotspot-wlan0'), '{}\n')
  await mkdir(at('hotspot'))
  const status = { version: 1, interface: 'wlan0', since: 1, at: 2, devices: 1, quietSince: null, endsAt: null }
  await writeFile(at('hotspot/status.json'), JSON.stringify(status))
  await device.put('a.settings', await device.sign(device.connectivity(7, 'new.example.net')))
  const answers = at('run-apply/requests.json')
  const said = new Set<string>()
  let asked: string[] = []
  let turn = 0
  let isRefused = false
  const { code, stdout } = await device.runWhile(
    async () => {
      const { trial } = await device.record().catch(() => ({ trial: null }))
      if (trial !== null) turn += 1
      if (trial !== null) said.add(`${trial.phase}: ${trial.cause}`)
      if (turn < 25) asked = [...asked, ...(turn === 0 ? [] : await device.asked().catch(() => []))]
      if (turn === 25) {
        assert.equal(asked, [])
        await rm(at('hotspot/status.json'))
      }
      if (trial?.phase === 'trial' && !isRefused) {
        await writeAtomically(join(device.spool, 'one.request'), 'hotspot-on wlan0\n', 0o600)
        const answer = (await readRequestAnswers(answers))?.answers['hotspot-on']
        isRefused = answer?.result === 'refused'
        if (isRefused) assert.match(answer?.detail ?? '', /^settings are on trial/)
      }
      await device.writeStatus(isRefused || turn < 25 ? { state: 'ready', proved: true } : { state: 'no-relay' })
    },
    { OOBM_HOTSPOT_RUNTIME_DIRECTORY: at('hotspot'), OOBM_REQUEST_ANSWERS: answers },
  )
  assert.is(code, 0, stdout)
  assert.ok(said.has('waiting: somebody is in: it begins when this ends'), [...said].join('; '))
  assert.ok(isRefused)
  const after = await device.asked()
  assert.ok(after.includes('systemctl stop oobm-hotspot@*.service'), after.join('; '))
  assert.not.ok(after.some(line => line.includes('hotspot-on')))
  assert.is((await device.record()).outcomes.at(-1)?.result, 'confirmed')
})

test.run()
