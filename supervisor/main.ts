/** `oobm-supervisor`, the device's daemon for the tunnel. */
import { runMain } from '../runtime/run-main.ts'
import { runSupervisor } from './run-supervisor.ts'

void runMain(signal => runSupervisor(process.env, signal))
