import * as assert from 'uvu/assert'
import type { ConsoleConfig } from '../../formats/device-config.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { suite } from '../../tools/suite.ts'
import { simRouter } from './open-sim-router.ts'

const test = suite('sim:router')

const at = (path: string): ConsoleConfig => ({
  name: 'router1',
  path,
  baudRate: 9600,
  dataBits: 8,
  parity: 'none',
  stopBits: 1,
  flowControl: 'none',
})

test('is a line: it starts by itself, answers, and sees a break', async context => {
  let said = ''
  const line = await simRouter()(at('sim:router'), {
    onData: bytes => {
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => assert.unreachable('nobody unplugs it'),
  })
  context.cleanup(() => line.close())
  await waitFor('the first words', () => said.includes('System Bootstrap'))
  await line.setBreak(true)
  await line.setBreak(false)
  await waitFor('ROMMON', () => said.endsWith('rommon 1 > '))
  line.write(Buffer.from('reset\r'))
  await line.drain()
  await waitFor('the restart', () => said.endsWith('get started.\r\n\r\n'))
})

test('falls silent on a line that is closed, and goes on for the next one', async context => {
  const open = simRouter({ paceBaudRate: 9600 })
  let said = ''
  const first = await open(at('sim:router'), {
    onData: bytes => {
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => {},
  })
  await waitFor('its first words, with more to come', () => said.includes('System'))
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
  await waitFor('the rest of its start', () => later.endsWith('get started.\r\n\r\n'))
  assert.is(said, before)
})

test('keeps to the pace of its line', async context => {
  const chunks: number[] = []
  const gapsMs: number[] = []
  let lastMs = 0
  let said = ''
  const line = await simRouter({ paceBaudRate: 9600 })(at('sim:router'), {
    onData: bytes => {
      // Whoever had a whole chunk waits for the next: a timer may be late, and not early by more than its own rounding.
      if (chunks.at(-1) === 20) gapsMs.push(performance.now() - lastMs)
      lastMs = performance.now()
      chunks.push(bytes.length)
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => {},
  })
  context.cleanup(() => line.close())
  await waitFor('the prompt', () => said.endsWith('get started.\r\n\r\n'))
  assert.ok(Math.max(...chunks) <= 20, `a chunk of ${Math.max(...chunks)} bytes is more than 20 ms at 9600 baud`)
  assert.ok(gapsMs.length > 0, 'no chunk was whole')
  assert.ok(Math.min(...gapsMs) >= 18, `${Math.min(...gapsMs)} ms after a chunk of 20 ms`)
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
