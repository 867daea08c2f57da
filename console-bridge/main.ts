/** The program `oobm-console`. */
import { createLog } from '../runtime/log.ts'
import { runMain } from '../runtime/run-main.ts'
import { lineProgramSchemes } from './line-socket/line-programs.ts'
import { runBridge } from './run-bridge.ts'

void runMain(signal => runBridge({ env: process.env, signal, schemes: lineProgramSchemes(process.env) }), {
  onDefect: err => createLog('oobm-console').fatal({ err }, 'ended by a defect'),
})
