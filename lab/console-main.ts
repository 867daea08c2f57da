/** `lab-console`: the console bridge as it is on a device, with the lab's simulated equipment among its lines. */
import { lineProgramSchemes } from '../console-bridge/line-socket/line-programs.ts'
import { runBridge } from '../console-bridge/run-bridge.ts'
import { runMain } from '../runtime/run-main.ts'
import { simRouter } from './sim-router/open-sim-router.ts'

const router = simRouter({ paceBaudRate: 9600 })
void runMain(signal =>
  runBridge({ env: process.env, signal, schemes: { sim: router, ...lineProgramSchemes(process.env) } }),
)
