/** The program `oobm-drop`: one for each local address, while the file drop is switched on. */
import { systemClock } from '../runtime/clock.ts'
import { createLog } from '../runtime/log.ts'
import { runMain } from '../runtime/run-main.ts'
import { serviceManager } from '../runtime/systemd.ts'
import { runFileDrop } from './run-file-drop.ts'

const log = createLog('oobm-drop')

void runMain(
  signal => {
    const onError = (err: unknown) => log.warn({ err }, 'systemd was not told')
    const manager = serviceManager(process.env, systemClock.nowMs, onError)
    const [address = ''] = process.argv.slice(2)
    return runFileDrop({ address, env: process.env, clock: systemClock, signal, log, onReady: () => manager.ready() })
  },
  { onDefect: err => log.fatal({ err }, 'ended by a defect') },
)
