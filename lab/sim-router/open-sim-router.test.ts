import { mock } from 'node:test'
import * as assert from 'uvu/assert'
import { consoleSchema } from '../../formats/console-settings.ts'
import { suite, type TestContext } from '../../testbed/suite.ts'
import { simRouter } from './open-sim-router.ts'

const test = suite('sim:router')

const at = (path: string) => consoleSchema.parse({ name: 'router1', path })

/** Time that passes only in `waitFor`, a millisecond at once: the router starts for seconds. */
function simulateTime({ cleanup }: TestContext) {
  mock.timers.enable({ apis: ['setTimeout'] })
  cleanup(() => mock.timers.reset())
  let now = 0
  return {
    nowMs: () => now,
    waitFor(what: string, isTrue: () => boolean): void {
      for (const untilMs = now + 20_000; !isTrue(); now++) {
        if (now > untilMs) throw new Error(`waited in vain for ${what}`)
        mock.timers.tick(1)
      }
    },
  }
}

test('is a line: it starts by itself, answers, and sees a break', async context => {
  const { nowMs, waitFor } = simulateTime(context)
  let said = ''
  const line = await simRouter({ nowMs })(at('sim:router'), {
    onData: bytes => {
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => assert.unreachable('nobody unplugs it'),
  })
  context.cleanup(() => line.close())
  waitFor('the first line', () => said.includes('System Bootstrap'))
  await line.setBreak(true)
  await line.setBreak(false)
  waitFor('ROMMON', () => said.endsWith('rommon 1 > '))
  line.write(Buffer.from('reset\r'))
  await line.drain()
  waitFor('the restart', () => said.endsWith('get started.\r\n\r\n'))
})

test('falls silent on a line that is closed, and goes on for the next one', async context => {
  const { nowMs, waitFor } = simulateTime(context)
  const open = simRouter({ paceBaudRate: 9600, nowMs })
  let said = ''
  const first = await open(at('sim:router'), {
    onData: bytes => {
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => {},
  })
  waitFor('its first line, with more to come', () => said.includes('System'))
  await first.close()
  const before = said
  let later = ''
  const second = await open(at('sim:router'), {
    onData: bytes => {
      later += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => {},
  })
  context.cleanup(() => second.close())
  waitFor('the rest of its start', () => later.endsWith('get started.\r\n\r\n'))
  assert.is(said, before)
})

test('keeps to the pace of its line', async context => {
  const { nowMs, waitFor } = simulateTime(context)
  const chunks: number[] = []
  const gapsMs: number[] = []
  let lastMs = 0
  let said = ''
  const line = await simRouter({ paceBaudRate: 9600, nowMs })(at('sim:router'), {
    onData: bytes => {
      // Whoever had a whole chunk waits for the next.
      if (chunks.at(-1) === 20) gapsMs.push(nowMs() - lastMs)
      lastMs = nowMs()
      chunks.push(bytes.length)
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => {},
  })
  context.cleanup(() => line.close())
  waitFor('the prompt', () => said.endsWith('get started.\r\n\r\n'))
  assert.ok(Math.max(...chunks) <= 20, `a chunk of ${Math.max(...chunks)} bytes is more than 20 ms at 9600 baud`)
  assert.ok(gapsMs.length > 0, 'no chunk was whole')
  assert.ok(Math.min(...gapsMs) >= 20, `${Math.min(...gapsMs)} ms after a chunk of 20 ms`)
})

test('says what it simulates when asked for something else', async () => {
  try {
    await simRouter()(at('sim:toaster'), { onData: () => {}, onHeld: () => {}, onClose: () => {} })
    assert.unreachable()
  } catch (err) {
    assert.match((err as Error).message, 'sim:toaster: the lab simulates only sim:router')
  }
})

test.run()
