/** `oobm-supervisor`, the device's daemon for the tunnel. */
import { createLog } from '../runtime/log.ts'
import { runMain } from '../runtime/run-main.ts'
import { runSupervisor } from './run-supervisor.ts'

void runMain(signal => runSupervisor(process.env, signal), {
  onDefect: err => createLog('oobm-supervisor').fatal({ err }, 'ends by a defect'),
})
