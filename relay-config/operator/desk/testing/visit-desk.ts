/** `visit-desk.ts PORT TOKEN`: does what the page does, where no browser is: follows the fleet, switches, reads the history. */
import { WebSocket } from 'ws'
import type { FleetNews } from '../rows.ts'

const [port, token] = process.argv.slice(2)
const origin = `http://127.0.0.1:${port}`
const entered = await fetch(`${origin}/enter`, {
  method: 'POST',
  headers: { accept: 'application/json' },
  body: new URLSearchParams({ token: token ?? '' }),
})
const { secret } = (await entered.json()) as { secret: string }
const ask = async (path: string, question: object) => {
  const headers = { 'x-oobm-desk': secret }
  return (await fetch(origin + path, { method: 'POST', headers, body: JSON.stringify(question) })).json()
}
const fleet = await new Promise(resolve => {
  const live = new WebSocket(`ws://127.0.0.1:${port}/live`, ['oobm-desk', `oobm-desk.${secret}`], { origin })
  live.on('message', data => {
    const { relays = [], devices } = JSON.parse(String(data)) as FleetNews
    if (!relays.some(({ askedAtMs, problem }) => askedAtMs !== undefined || problem !== undefined)) return
    resolve({ relays, devices })
    live.close()
  })
})
const off = await ask('/ask/switch', { device: 'osaka', on: false, for: '2h', reason: "it's" })
const history = await ask('/ask/history', { device: 'osaka' })
process.stdout.write(JSON.stringify({ fleet, off, history }))
