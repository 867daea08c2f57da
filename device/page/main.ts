/** The program `oobm-page ADDRESS`: systemd starts it when somebody asks the socket of this local address. */
import { EXIT } from '../../runtime/errors.ts'
import { createLog } from '../../runtime/log.ts'
import { runMain } from '../../runtime/run-main.ts'
import { gatherFacts, isPageOn } from './gather-facts.ts'
import { allowedHosts } from './own-names.ts'
import { renderPage } from './render-page.ts'
import { servePage } from './serve-page.ts'

const log = createLog('oobm-page')
/** sd_listen_fds(3): the first descriptor that systemd hands over. */
const LISTENING = 3

void runMain(
  async signal => {
    const [address, ...rest] = process.argv.slice(2)
    if (address === undefined || rest.length > 0 || process.env.LISTEN_FDS !== '1') {
      process.stderr.write('oobm-page is started by oobm-page@ADDRESS.socket, with the address that it serves\n')
      return EXIT.usage
    }
    const { env } = process
    await servePage({
      listen: { fd: LISTENING },
      hosts: await allowedHosts(address, env),
      isOn: () => isPageOn(env),
      render: async language => renderPage(await gatherFacts(env, language)),
      idleMs: env.OOBM_PAGE_IDLE_MS === undefined ? undefined : Number(env.OOBM_PAGE_IDLE_MS),
      log,
      signal,
    })
    return EXIT.ok
  },
  { onDefect: err => log.fatal({ err }, 'ended by a defect') },
)
