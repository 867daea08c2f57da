import * as assert from 'uvu/assert'
import type { ConsoleConfig } from '../../runtime/device-config.ts'
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

test('is a line: it starts by itself, answers, sees a break, and falls silent when closed', async context => {
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

test('keeps to the pace of its line', async context => {
  const chunks: number[] = []
  let said = ''
  const line = await simRouter({ paceBaudRate: 115_200 })(at('sim:router'), {
    onData: bytes => {
      chunks.push(bytes.length)
      said += bytes.toString('latin1')
    },
    onHeld: () => {},
    onClose: () => {},
  })
  context.cleanup(() => line.close())
  await waitFor('the prompt', () => said.endsWith('get started.\r\n\r\n'))
  assert.ok(Math.max(...chunks) <= 231, `a chunk of ${Math.max(...chunks)} bytes is more than 20 ms at 115200 baud`)
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
