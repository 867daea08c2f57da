/** `oobm-line`: one line that is not a serial port of this device. */
import { createLog } from '../../runtime/log.ts'
import { runMain } from '../../runtime/run-main.ts'
import { runLineProgram } from './run-line-program.ts'

const log = createLog('oobm-line')
void runMain(signal => runLineProgram({ env: process.env, signal, log }), {
  onDefect: err => log.fatal({ err }, 'ended by a defect'),
})
