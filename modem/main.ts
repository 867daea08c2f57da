/** `oobm-modem`: dials the QMI and MBIM modems of this device. */
import { createLog } from '../runtime/log.ts'
import { runMain } from '../runtime/run-main.ts'
import { runModems } from './run-modems.ts'

const log = createLog('oobm-modem')
void runMain(signal => runModems({ env: process.env, signal, log }), {
  onDefect: err => log.fatal({ err }, 'ended by a defect'),
})
