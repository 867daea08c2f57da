/** `oobm-power`: switches the outlets that feed targets. */
import { createLog } from '../runtime/log.ts'
import { runMain } from '../runtime/run-main.ts'
import { runPower } from './run-power.ts'

const log = createLog('oobm-power')
void runMain(signal => runPower({ env: process.env, signal, log }), {
  onDefect: err => log.fatal({ err }, 'ended by a defect'),
})
