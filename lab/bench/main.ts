/** `make bench`: measures what the product costs, beside the usual alternatives in the same run. ROW= chooses. */
import { EXIT, UserError } from '../../runtime/errors.ts'
import { runMain } from '../../runtime/run-main.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { withUndo } from '../../testbed/undo.ts'
import { deskKeystroke } from './desk.ts'
import { failover } from './failover.ts'
import { table } from './figures.ts'
import { keystroke, load } from './keystroke.ts'
import { cpu, idle } from './lines.ts'
import { memory } from './memory.ts'
import { proofs } from './proofs.ts'
import { relayCost } from './relay-cost.ts'
import { routerBench } from './router.ts'
import { starts } from './starts.ts'
import { storm } from './storm.ts'
import { tlsBench } from './tls.ts'
import { uplinkBench } from './uplink.ts'
import { measureWire } from './wire.ts'

interface Row {
  name: string
  title: string
  measure(context: TestContext): Promise<string>
  /** Takes minutes, and is measured where it is asked for. */
  isLong?: true
}

const ROWS: readonly Row[] = [
  {
    name: 'keystroke',
    title: 'One keystroke, technician → relay → device → equipment and back, in ms',
    measure: keystroke,
  },
  { name: 'load', title: 'The same while 13 loops want the processors', measure: load },
  {
    name: 'desk',
    title: 'One keystroke at the desk, from the key to the paint in Chromium, beside plain ssh, in ms',
    measure: deskKeystroke,
  },
  { name: 'memory', title: 'Memory after 25 logins and 3 MB, in MB', measure: memory },
  { name: 'start', title: 'Start, in ms', measure: starts },
  {
    name: 'cpu',
    title: 'Processor time for 1 MB from serial lines, in s: at full rate, and at 115200 baud',
    measure: cpu,
  },
  { name: 'idle', title: '16 lines that say nothing, and nobody there', measure: idle },
  { name: 'proof', title: 'One proof, in ms', measure: proofs },
  { name: 'uplink', title: 'One keystroke of the tunnel, by node:net and through socat, in ms', measure: uplinkBench },
  { name: 'tls', title: 'One keystroke of the tunnel, and a login, by the ways to a relay, in ms', measure: tlsBench },
  { name: 'router', title: 'Hosts led out by the role router: a processor for each Mbit/s', measure: routerBench },
  { name: 'wire', title: 'On the wire, in bytes of TCP payload', measure: wire },
  { name: 'relay', title: 'What a connected device costs its relay', measure: relayCost, isLong: true },
  {
    name: 'storm',
    title: 'A reconnect storm',
    measure: context => storm(context, Number(process.env.OOBM_BENCH_DEVICES ?? 1000)),
    isLong: true,
  },
  {
    name: 'failover',
    title: 'Two relays, and the one with all devices is killed',
    measure: context => failover(context, Number(process.env.OOBM_BENCH_DEVICES ?? 1000)),
    isLong: true,
  },
]

void runMain(async () => {
  for (const { title, measure } of chosenRows(process.env.ROW ?? '')) {
    process.stdout.write(`${title}\n`)
    const figures = await withUndo(measure)
    process.stdout.write(`${figures}\n\n`)
  }
  return EXIT.ok
})

/** @param names with commas between them; nothing for all that are not long */
function chosenRows(names: string): Row[] {
  if (names === '') return ROWS.filter(({ isLong }) => !isLong)
  return names.split(',').map(name => {
    const row = ROWS.find(row => row.name === name)
    if (!row) throw new UserError(`ROW=${name}: there are ${ROWS.map(({ name }) => name).join(', ')}`, EXIT.usage)
    return row
  })
}

async function wire(context: TestContext): Promise<string> {
  const { keepaliveBytes, probeBytes, selftestBytes } = await measureWire(context)
  return table([
    ['keepalive', keepaliveBytes.toFixed(0)],
    ['in-band probe of both listeners', probeBytes.toFixed(0)],
    ['self-test', selftestBytes.toFixed(0)],
  ])
}
