/** `lab-supervisor`: the supervisor as it is on a device, with a line to the relay that can be cut. */
import { runMain } from '../runtime/run-main.ts'
import { runSupervisor } from '../supervisor/run-supervisor.ts'
import { pathOf } from '../transport/path-of.ts'

/** Where the line begins, and which port of 127.0.0.1 it leads to (uplink.ts). */
const { OOBM_LAB_LINE: line = '', OOBM_LAB_RELAY: relay = '' } = process.env

void runMain(signal =>
  runSupervisor(process.env, signal, name => {
    const path = pathOf(name)
    const open = (target: Parameters<typeof path.open>[0]) =>
      path.open({ ...target, port: target.port === Number(relay) ? Number(line) : target.port })
    return { ...path, open }
  }),
)
