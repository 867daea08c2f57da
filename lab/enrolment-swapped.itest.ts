/** A relay that was broken into: it puts its own key into a request, deletes one, and finds no secret. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { formatRequest, requestId } from '../formats/enrolment.ts'
import { makeKey } from '../testbed/make-key.ts'
import { suite } from '../testbed/suite.ts'
import { startSite } from './testing/enrolment-site.ts'

const test = suite('a relay that swaps keys')
const LIMIT = { timeoutMs: 280_000 }

test(
  'keys that a relay swaps are seen and refused, with the site secret and without; what it deletes comes again',
  async context => {
    const site = await startSite(context)
    const { operate, seat, state, startRelay, flash, at } = site
    await operate('enrolment', 'open', 'tokyo', '--boards', '2')
    await startRelay()
    const [c, d] = await Promise.all([flash('c', 'c3'), flash('d', 'd4')])
    for (const board of [c, d]) assert.is((await board.ask()).stdout, 'waiting\n')
    const accept = (serial: string, name: string, ...more: string[]) => seat('accept', serial, name, ...more, ...state)
    const folder = at('relay/oobm/enrolments/tokyo')
    // A relay that was broken into: it puts its own key in, and invents a board.
    const intruder = await makeKey(at(), 'intruder')
    const file = async (board: typeof c) => {
      const json = formatRequest(await board.request(), board.siteSecret)
      for (const name of (await readdir(folder)).filter(one => one.endsWith('.request')))
        if ((await readFile(join(folder, name), 'utf8')) === json) return join(folder, name)
      throw new Error('its request is not there')
    }
    const honest = await c.request()
    const path = await file(c)
    const swapped = { ...honest, relayKey: intruder.publicKey }
    await writeFile(path, formatRequest(swapped, '0'.repeat(32)))
    const forged = await seat('pending', ...state)
    assert.match(forged.stderr, /1 request that does not come from a board with the card file/)
    assert.not.match(forged.stdout, c.serial)
    assert.match((await accept(c.serial, 'rack-c')).stderr, /no board with the serial number .* waits/)
    // With a stolen card, the relay knows the site secret: then the fingerprint tells.
    await rm(path)
    await writeFile(join(folder, `${requestId(swapped)}.request`), formatRequest(swapped, c.siteSecret))
    assert.match((await accept(c.serial, 'rack-c', '--fingerprint', c.fingerprint)).stderr, /accept nothing, and look/)
    assert.is((await c.ask()).stdout, 'waiting\n')
    const both = await accept(c.serial, 'rack-c')
    assert.is(both.code, 64)
    assert.match(both.stderr, /2 requests have the serial number/)
    assert.is((await accept(c.serial, 'rack-c', '--fingerprint', c.fingerprint)).code, 0)
    // It deletes requests: the board asks again.
    await rm(await file(d))
    assert.is((await d.ask()).stdout, 'waiting\n')
    assert.match(await operate('pending', ...state), d.serial)
    // Nothing of what the seat keeps is at the relay.
    for (const name of await readdir(at('relay'), { recursive: true, withFileTypes: true }))
      if (name.isFile())
        assert.not.match(await readFile(join(name.parentPath, name.name), 'latin1'), c.siteSecret, name.name)
  },
  LIMIT,
)

test.run()
