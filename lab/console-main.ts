/** `lab-console`: the console bridge as it is on a device, with the lab's simulated equipment among its lines. */
import { awaitFile } from '../console-bridge/line/device-return.ts'
import { lineProgramSchemes } from '../console-bridge/line-socket/line-programs.ts'
import { runBridge } from '../console-bridge/run-bridge.ts'
import { runMain } from '../runtime/run-main.ts'
import { behindAdapter } from './sim-router/adapter.ts'
import { simRouter } from './sim-router/open-sim-router.ts'

/** Where an adapter is simulated, too, the file that stands for it. */
const { OOBM_LAB_ADAPTER: adapter } = process.env

const router = simRouter({ paceBaudRate: 9600 })
const sim = adapter === undefined ? router : behindAdapter(router, adapter)
void runMain(signal =>
  runBridge({
    env: process.env,
    signal,
    schemes: { sim, ...lineProgramSchemes(process.env) },
    awaitLine: path => (adapter !== undefined && path.startsWith('sim:') ? awaitFile(adapter) : undefined),
  }),
)
