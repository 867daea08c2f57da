import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { scratchDirectory } from '../../testbed/scratch.ts'
import { suite } from '../../testbed/suite.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import { watchShells } from './watch-shells.ts'

const test = suite('watch-shells')

test(
  'tells of each shell session once, when it is over, with whose key it was',
  async context => {
    const directory = await scratchDirectory(context)
    const file = join(directory, 'logins.jsonl')
    const nowS = Math.floor(Date.now() / 1000)
    const common = (pid: number, at: number) => ({ at, uptime: at - nowS + 10_000, boot: 'b', pid })
    const open = (pid: number, at: number, person: string) =>
      `${JSON.stringify({ event: 'open', account: 'oobm', person, from: '127.0.0.1', ...common(pid, at) })}\n`
    const close = (pid: number, at: number) => `${JSON.stringify({ event: 'close', ...common(pid, at) })}\n`
    const told: string[] = []
    const over = new AbortController()
    context.cleanup(() => over.abort())
    const watching = watchShells(
      directory,
      ({ account, person, openedAt, closedAt }) =>
        told.push(`${person} as ${account}, ${Math.round((closedAt - openedAt) / 1000)} s`),
      over.signal,
    )
    await writeFile(file, open(1, nowS - 9_000, 'carol') + close(1, nowS - 8_000) + open(2, nowS - 60, 'alice'))
    await appendFile(file, close(2, nowS - 10))
    await waitFor('the one of the last hour', () => told.length > 0)
    assert.equal(told, ['alice as oobm, 50 s'])
    await appendFile(file, `${open(3, nowS - 5, '')}{"event":"clo`)
    await appendFile(file, `\n${close(3, nowS - 1)}`)
    await waitFor('the other one', () => told.length > 1)
    assert.equal(told, ['alice as oobm, 50 s', 'null as oobm, 4 s'])
    over.abort()
    await watching
  },
  { timeoutMs: 60_000 },
)

test.run()
