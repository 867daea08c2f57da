/** `make wifi-test`: the image in QEMU, on simulated radios and a simulated cable, through every kind of network login; prints a table. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runProgram } from '../../../testbed/run-program.ts'
import { type Machine, startMachine } from '../appliance/machine.ts'
import { ACCOUNT, CASES, type Case, equal } from './cases.ts'
import { type Guest, type Port, settle } from './guest.ts'
import { issueBoard } from './issue-board.ts'

const ADDRESSES: Record<Port, string> = { wlan1: '198.51.100.1', wlan2: '203.0.113.1', far0: '192.0.2.129' }

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, cache: { type: 'string', default: 'build/wifi' } },
})
const work = mkdtempSync(join(tmpdir(), 'oobm-wifi-'))
let machine: Machine | undefined
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130))
main().then(end, err => {
  process.stderr.write(`${err.message}\n`)
  return end(1)
})

async function main(): Promise<number> {
  const cases = CASES.filter(({ name }) => name.includes(values.only))
  if (cases.length === 0) throw new Error(`No case has "${values.only}" in its name`)
  const card = join(work, 'card.img')
  mkdirSync(values.cache, { recursive: true })
  const made = await runProgram('system-tests/cases/wifi/make-card', [values.cache, card, await issueBoard(work)], {
    timeoutMs: 600_000,
  })
  if (made.code !== 0) throw new Error(`make-card: ${made.stderr}`)
  machine = startMachine({ boot: 'build/image/vm/boot', card, directory: work })
  await machine.untilUp()
  const guest = await settle(machine, work, ACCOUNT)
  let failures = 0
  for (const one of cases) {
    const startedMs = Date.now()
    const outcome = await play(one, guest).catch((err: Error) => err)
    const seconds = Math.round((Date.now() - startedMs) / 1000)
    if (outcome instanceof Error) failures++
    process.stdout.write(
      outcome instanceof Error
        ? `FAIL ${one.name}, ${seconds} s\n${outcome.message}\n`
        : `ok   ${one.name.padEnd(62)} ${outcome}, ${seconds} s\n`,
    )
  }
  process.stdout.write(`${cases.length - failures} passed, ${failures} failed\n`)
  return failures === 0 ? 0 : 1
}

/** @returns what the board and the site agreed on, in a few words */
async function play(
  { site, file, status, refused, interface: name = 'wlan0', more }: Case,
  guest: Guest,
): Promise<string> {
  const { sh, open, close, provision, untilIn, untilPassedOver, untilSaid, loginServer } = guest
  const ports = Object.entries(site) as [Port, string[]][]
  try {
    for (const [port, lines] of ports) {
      const config = lines.flatMap(line => (line === 'LOGIN' ? loginServer : [line]))
      await open(port, config, ADDRESSES[port])
    }
    await provision(file(guest))
    if (refused !== undefined) {
      await (refused.said === undefined ? untilPassedOver(name) : untilSaid(name, refused.said))
      const doctor = await sh('oobm doctor || true')
      if (!refused.doctor.test(doctor))
        throw new Error(`oobm doctor: ${doctor}\n${await sh(`journalctl -q -o cat -u oobm-wpa@${name} -n 30`)}`)
      equal('an address', await sh(`ip -4 -o address show ${name} | wc -l`), '0')
      return doctor.match(/WRONG +((?:Wi-Fi|login).*)/)?.[1] ?? 'refused'
    }
    // A cable has an address before its login.
    await untilIn(name, status ?? {})
    const said = await sh(`wpa_cli -i ${name} status`)
    await more?.(guest)
    return said.match(/^key_mgmt=(.*)$/m)?.[1] ?? 'in'
  } finally {
    // What went wrong before is what counts.
    for (const [port] of ports) await close(port).catch(() => {})
  }
}

async function end(code: number): Promise<never> {
  await machine?.pullPlug()
  rmSync(work, { recursive: true, force: true })
  process.exit(code)
}
