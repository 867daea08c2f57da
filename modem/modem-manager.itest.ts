/** `oobm-modem` with the real ModemManager and a modem that speaks AT: what becomes of SIMs, PINs, networks and APNs. */
import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { CellularInput } from '../formats/cellular-settings.ts'
import { describeModemState } from '../formats/modem-status.ts'
import { suite, type TestContext } from '../testbed/suite.ts'
import { type AtModemState, startAtModem } from './testing/at-modem.ts'
import { MODEM_MANAGER, startModemWorld } from './testing/modem-world.ts'

const test = suite('oobm-modem and ModemManager')
const PATIENCE = { timeoutMs: 240_000 }

async function start(context: TestContext, state: Partial<AtModemState>, config: Partial<CellularInput> = {}) {
  const world = await startModemWorld(context, { apn: 'internet', ...config })
  const plugIn = async (name: string, more: Partial<AtModemState>) => {
    const modem = await startAtModem(join(world.directory, name), more)
    context.cleanup(() => modem.close())
    context.onFailure(() => `commands: ${modem.commands.join(' | ')}`)
    await world.plug(modem)
    return modem
  }
  const manager = await world.startManager()
  const modem = await plugIn('modem', state)
  return { ...world, manager, modem, plugIn }
}

if (!existsSync(MODEM_MANAGER)) test.skip('a modem is dialled', 'needs ModemManager')
else {
  test(
    'unlocks the SIM, registers, and says operator, technology and signal; dial-up alone is refused',
    async context => {
      const { startDialler, reaches, modem, directory } = await start(context, { pin: '0123' }, { pin: '0123' })
      const dialler = startDialler()
      const entry = await reaches('dial-up-only', ({ operator, signal }) => operator !== '' && signal !== null)
      assert.equal(modem.pins, ['0123'])
      assert.is(entry.operator, 'Example Mobile')
      assert.is(entry.signal?.percent, 64)
      assert.is(entry.model, 'Example AT-1')
      assert.not.match(dialler.output() + (await readFile(join(directory, 'run/status.json'), 'utf8')), '0123')
    },
    PATIENCE,
  )

  test(
    'a PIN that the SIM refuses is tried once: not after a restart of anything, and not until it is another one',
    async context => {
      const { startDialler, startManager, reaches, modem, plug, manager, directory } = await start(
        context,
        { pin: '1111' },
        { pin: '4321' },
      )
      const dialler = startDialler()
      const refused = await reaches('pin-refused')
      assert.match(describeModemState(refused), 'not tried again: it was refused before; the SIM has 2 tries left')
      assert.equal(modem.pins, ['4321'])
      const file = join(directory, 'state/pins.json')
      assert.is((await stat(file)).mode & 0o777, 0o600)
      assert.not.match(await readFile(file, 'utf8'), '4321')

      await dialler.stop()
      await manager.stop()
      await startManager()
      await plug(modem)
      await startDialler().says(/"state":"pin-refused"/, 60_000)
      assert.equal(modem.pins, ['4321'])
    },
    PATIENCE,
  )

  test(
    'the last try of a SIM is left to people, and a SIM without tries wants its PUK',
    async context => {
      const { startDialler, reaches, modem, plugIn, manager, startManager } = await start(
        context,
        { pin: '1111', triesLeft: 1 },
        { pin: '1111' },
      )
      startDialler()
      await reaches('pin-last-try')
      assert.equal(modem.pins, [])
      await manager.stop()
      await reaches('no-manager')
      await startManager()
      const other = await plugIn('other', { pin: '1111', triesLeft: 0 })
      await reaches('puk-wanted')
      assert.equal(other.pins, [])
    },
    PATIENCE,
  )

  test(
    'says that a PIN is missing, that roaming is not allowed, and that the network does not know the APN',
    async context => {
      const { startDialler, reaches, manager, startManager, plugIn } = await start(context, { pin: '1111' })
      startDialler()
      await reaches('pin-wanted')
      const replug = async (name: string, state: Partial<AtModemState>) => {
        await manager.stop()
        await reaches('no-manager')
        const next = await startManager()
        await plugIn(name, state)
        return next
      }
      const second = await replug('abroad', { registration: 5, operator: 'Autre Réseau' })
      assert.match((await reaches('roaming')).cause, 'Autre')
      await second.stop()
      await reaches('no-manager')
      const third = await startManager()
      await plugIn('apn', { apn: 'another' })
      const wrong = await reaches('apn-refused', ({ retryAt }) => retryAt !== null)
      assert.is(describeModemState(wrong), 'the mobile network does not know the APN: "internet"')
      await third.stop()
      await reaches('no-manager')
      await startManager()
      await reaches('no-modem')
      await plugIn('denied', { registration: 3 })
      await reaches('denied')
    },
    PATIENCE,
  )

  test(
    'an operator with a name of control characters, or of 10,000 letters, does no harm',
    async context => {
      const { startDialler, reaches } = await start(context, { operator: `\u001b[31mEvil\u0007${'x'.repeat(9_000)}` })
      startDialler()
      const { operator } = await reaches('dial-up-only', entry => entry.signal !== null)
      assert.ok(operator.length <= 40, operator)
      assert.match(operator, /^[ -~…]*$/)
    },
    PATIENCE,
  )
}

test.run()
