/** The program `oobm-say`: systemd starts it where there is a sound card, and again when one is plugged in. */
import { systemClock } from '../../runtime/clock.ts'
import { createLog } from '../../runtime/log.ts'
import { runMain } from '../../runtime/run-main.ts'
import { runSpeech } from './run-speech.ts'

const log = createLog('oobm-say')

void runMain(signal => runSpeech({ env: process.env, clock: systemClock, log, signal }), {
  onDefect: err => log.fatal({ err }, 'ended by a defect'),
})
