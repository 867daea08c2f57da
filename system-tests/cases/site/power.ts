/** A switched outlet beside the board, which the laptop plays: a technician at the console takes the power and gives it back. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from '../../../testbed/run-program.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Case, Steps } from '../../case.ts'
import { CONSOLE } from '../image/relay.ts'
import { HERE, LAPTOP, OUTLET, PLUG, PORT, portOf, type Stage } from './start.ts'

export const POWER: Case<Stage> = { name: 'power', run: power }

/** Answers as tasmota.github.io/docs/Commands says, and prints what it is asked. */
const TASMOTA = `let power = 'ON'
require('node:http').createServer((request, response) => {
  const command = new URL(request.url, 'http://plug').searchParams.get('cmnd') ?? ''
  console.log('asked:', command)
  power = /^Power1 (ON|OFF)$/.exec(command)?.[1] ?? power
  response.end(JSON.stringify({ POWER: power }))
}).listen(80, '${PLUG}', () => console.log('ready'))
`

async function power(
  { board, laptop, operation, settle }: Stage,
  { essential, step, folder }: Steps,
): Promise<undefined> {
  await settle(portOf('role = "static"', `address = "${HERE}/24"`))
  await laptop.takes(`${LAPTOP}/24`)
  await laptop.sh(`ip address add ${PLUG}/24 dev wire0`)
  const file = join(folder, 'tasmota.cjs')
  await writeFile(file, TASMOTA)
  const plug = laptop.start(process.execPath, [file])
  await plug.says(/ready/)
  const atConsole = (...words: string[]) =>
    runProgram('ssh', ['-F', operation.sshConfig, CONSOLE, 'power', ...words], { timeoutMs: 200_000 })
  await essential('a technician sees how the outlet is', async () => {
    const { stdout } = await waitFor(
      'an answer of the outlet',
      async () => {
        const answer = await atConsole()
        return answer.code === 0 ? answer : undefined
      },
      { timeoutMs: 200_000 },
    )
    if (!stdout.includes(`${OUTLET}  on`)) throw new Error(stdout)
    return stdout.trim()
  })
  await step('"power cycle" from the console: off, and on again', async () => {
    const { code, stdout, stderr } = await atConsole('cycle', '--yes')
    if (code !== 0) throw new Error(`exit ${code}: ${stdout}${stderr}`)
    const asked = [...plug.output().matchAll(/^asked: Power1 (ON|OFF)$/gm)].map(([, state]) => state).join(' ')
    if (asked !== 'OFF ON') throw new Error(`the outlet was asked: ${plug.output()}`)
    return stdout.trim().split('\n').join('; ')
  })
  await step('the outlet’s cable pulled: it is unknown, and no exit code says that it was switched', async () => {
    // An outlet is switched at most once in 5 s.
    await board.sh('sleep 6')
    await board.machine.qmp.execute('set_link', { name: 'wire', up: false })
    const { code, stdout, stderr } = await atConsole('cycle', '--yes')
    await board.machine.qmp.execute('set_link', { name: 'wire', up: true })
    await board.sh(`until grep -qx 1 /sys/class/net/${PORT}/carrier; do sleep 0.2; done`)
    if (code === 0 || !stderr.includes('does not answer')) throw new Error(`exit ${code}: ${stdout}${stderr}`)
    return `exit ${code}: ${`${stdout}${stderr}`.trim().split('\n').at(-1)}`
  })
  await plug.stop(0)
  return undefined
}
