import { EventEmitter, once } from 'node:events'
import * as assert from 'uvu/assert'
import type { Clock } from '../../runtime/clock.ts'
import { type Logger, silentLog } from '../../runtime/log.ts'
import { suite } from '../../testbed/suite.ts'
import type { LedBackend } from './led-backend.ts'
import { playLed } from './player.ts'

const test = suite('player')

interface Sleeper {
  untilMs: number
  wake(): void
}

/** Time that stands still until told: `pass` moves it once the player sleeps, and never past its waking. */
class FakeClock implements Clock {
  atMs = 0
  #sleeping: Sleeper | undefined
  #asleep = new EventEmitter()

  wallMs = () => this.atMs
  nowMs = () => this.atMs

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        this.#sleeping = undefined
        resolve()
      }
      if (signal.aborted) return wake()
      signal.addEventListener('abort', wake, { once: true })
      this.#sleeping = { untilMs: this.atMs + ms, wake }
      this.#asleep.emit('asleep')
    })
  }

  async pass(ms: number): Promise<void> {
    const endMs = this.atMs + ms
    for (;;) {
      const sleeping = await this.settle()
      if (sleeping.untilMs > endMs) break
      this.atMs = sleeping.untilMs
      sleeping.wake()
    }
    this.atMs = endMs
  }

  /** Waits until the player has drawn what there is to draw, and sleeps. */
  async settle(): Promise<Sleeper> {
    if (this.#sleeping === undefined) await once(this.#asleep, 'asleep')
    return this.#sleeping as Sleeper
  }
}

/** A backend that writes down what it is told, and when. */
function recorder(clock: Clock, flashes = true): LedBackend & { drawn: string[] } {
  const drawn: string[] = []
  return {
    drawn,
    description: 'recorder',
    flashes,
    off: [],
    draw: (state, lit) => void drawn.push(`${clock.nowMs()} ${flashes ? (lit ? 'lit' : 'dark') : state}`),
    close: () => void drawn.push('closed'),
  }
}

test('plays the pattern over and over, and ends closed', async () => {
  const clock = new FakeClock()
  const backend = recorder(clock)
  const led = playLed(backend, clock, silentLog)
  led.show('no-relay')
  await clock.pass(2600)
  await led.close()
  assert.equal(backend.drawn, ['0 lit', '250 dark', '500 lit', '750 dark', '2250 lit', '2500 dark', 'closed'])
})

test('shows a new state at once, from its beginning, and does not restart one that stays', async () => {
  const clock = new FakeClock()
  const backend = recorder(clock)
  const led = playLed(backend, clock, silentLog)
  led.show('no-link')
  await clock.pass(300)
  led.show('no-link')
  await clock.pass(100)
  led.show('in-use')
  await clock.pass(600)
  await led.close()
  assert.equal([...new Set(backend.drawn)], ['0 lit', '250 dark', '300 dark', '400 lit', '900 dark', 'closed'])
})

test('a lamp test passes, and the standing state comes back, the latest one', async () => {
  const clock = new FakeClock()
  const backend = recorder(clock, false)
  const led = playLed(backend, clock, silentLog)
  led.show('ready')
  await clock.pass(1000)
  led.show('duplicate', 10_000)
  await clock.pass(4000)
  led.show('no-link')
  await clock.pass(60_000)
  await led.close()
  assert.equal(backend.drawn, ['0 ready', '1000 duplicate', '11000 no-link', 'closed'])
})

test('an LED that fails is logged once, played on, and never ends the supervisor', async () => {
  const clock = new FakeClock()
  const backend = recorder(clock)
  const said: string[] = []
  const log = { warn: () => said.push('warn'), info: () => said.push('info') } as unknown as Logger
  let broken = true
  const led = playLed(
    {
      ...backend,
      draw: (state, lit) => {
        if (broken) throw new Error('EIO')
        return backend.draw(state, lit)
      },
    },
    clock,
    log,
  )
  led.show('in-use')
  await clock.pass(2200)
  assert.equal(said, ['warn'])
  broken = false
  await clock.pass(500)
  await led.close()
  assert.equal(said, ['warn', 'info'])
  assert.equal(backend.drawn, ['2500 dark', 'closed'])
})

test.run()
