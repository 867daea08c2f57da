/** The operator of a field’s relay. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { type DeviceReport, deviceReportSchema } from '../../formats/control-protocol.ts'
import { programArgs } from '../../testbed/programs.ts'
import { runProgram } from '../../testbed/run-program.ts'
import type { Sshd } from '../../testbed/sshd.ts'
import { waitFor } from '../../testbed/wait-for.ts'
import type { Field } from './field.ts'

/** What the relay's operator does, with the real `oobm-relay`. */
export async function operatorOf({ directory, relay, listenerPort }: Field, other?: Sshd) {
  const installed = join(directory, 'oobm')
  const fleet = join(directory, 'fleet.toml')
  const tables = [relay, ...(other ? [other] : [])].map(
    ({ port, user, hostKey }, index) => `[[relays]]
name = "lab${index}"
host = "127.0.0.1"
port = ${port}
user = "${user}"
host_keys = ["${hostKey.publicKey}"]
`,
  )
  await writeFile(
    fleet,
    `version = 1
${tables.join('')}[[devices]]
name = "dev1"
port = ${listenerPort}
`,
  )
  const run = async (name: string, ...args: string[]) => {
    const command = [...programArgs('relay-config/main.ts'), name, ...args, '--fleet', fleet, '--state', installed]
    const { code, stdout, stderr } = await runProgram(process.execPath, command, {
      env: { SUDO_USER: 'carol' },
      timeoutMs: 60_000,
    })
    assert.is(code, 0, `${name}: ${stderr}${stdout}`)
    return stdout
  }
  return {
    run,
    say: (line: string) => {
      const fifo = openSync(join(installed, 'state/dev1/control'), constants.O_WRONLY | constants.O_NONBLOCK)
      writeSync(fifo, `${line}\n`)
      closeSync(fifo)
    },
    report: async (wanted: (report: DeviceReport) => boolean) =>
      waitFor('that report', async () => {
        const text = await readFile(join(installed, 'state/dev1/report.json'), 'utf8').catch(() => '{}')
        const { data } = deviceReportSchema.safeParse(JSON.parse(text))
        return data && wanted(data) && data
      }),
  }
}
