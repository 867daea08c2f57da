/** The program `oobm-console`. */
import { runMain } from '../runtime/run-main.ts'
import { runBridge } from './run-bridge.ts'

void runMain(signal => runBridge({ env: process.env, signal, schemes: {} }))
