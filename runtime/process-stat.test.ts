import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { parseProcessStat, readProcessStat } from './process-stat.ts'

const test = suite('process-stat')

test('reads a line as proc_pid_stat(5) describes it, whatever the program is called', () => {
  for (const name of ['node', 'a b', ') R 1 (', '']) {
    const line = `4711 (${name}) S 12 34 34 0 -1 4194560 900 0 1 0 7 8 20 30 20 -5 11 0 123456 1000 200 18446744073709551615`
    assert.equal(parseProcessStat(line), {
      ...{ name, state: 'S', parent: 12, group: 34, cpuTicks: 65, nice: -5, startTicks: 123_456 },
    })
    assert.is(parseProcessStat(line.slice(0, line.indexOf(' 123456'))), undefined)
  }
})

test('finds this process, and none where there is none', async () => {
  assert.is((await readProcessStat(process.pid))?.parent, process.ppid)
  assert.is(await readProcessStat('x'), undefined)
})

test.run()
