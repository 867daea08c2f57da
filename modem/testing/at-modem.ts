/**
 * A modem that speaks AT commands (3GPP TS 27.007) over a socket, as ModemManager's test interface takes it: a SIM with a
 * PIN and three tries, a registration, a signal, an operator. It carries no data.
 */
import { createServer, type Server, type Socket } from 'node:net'

export interface AtModemState {
  /** Undefined: the SIM asks for none. */
  pin: string | undefined
  isUnlocked: boolean
  triesLeft: number
  /** ICCID; undefined: there is no SIM. */
  sim: string | undefined
  /** 3GPP TS 27.007, 10.1.20: 0 idle, 1 home, 2 searching, 3 denied, 5 roaming. */
  registration: number
  operator: string
  /** 0 to 31, or 99. */
  signal: number
  /** What the network says to another one: 3GPP TS 27.007, 9.2.2.1.3, "requested service option not subscribed" and the like. */
  apn: string
}

export interface AtModem {
  state: AtModemState
  /** PINs that it was asked to take, in their order. */
  pins: string[]
  /** All commands. */
  commands: string[]
  /** For SetProfile. */
  port: string
  close(): Promise<void>
}

const FIXED: Record<string, string> = {
  ATI: 'Manufacturer: Example\r\nModel: AT-1\r\nRevision: 1\r\nIMEI: 001100110011002\r\n+GCAP: +CGSM',
  'AT+GCAP': '+GCAP: +CGSM',
  'AT+CGMI': 'Example',
  'AT+CGMM': 'AT-1',
  'AT+CGMR': '1.0',
  'AT+CGSN': '001100110011002',
  'AT+WS46=?': '+WS46: (12,22)',
  'AT+CGDCONT=?': '+CGDCONT: (1-4),"IP",,,(0-2),(0-3)\r\n+CGDCONT: (1-4),"IPV4V6",,,(0-2),(0-3)',
  'AT+CIMI': '001010123456789',
  'AT+CFUN?': '+CFUN: 1',
  'AT+CLCK=?': '+CLCK: ("SC")',
  'AT+CSCS=?': '+CSCS: ("IRA","GSM")',
  'AT+CSCS?': '+CSCS: "IRA"',
  'AT+CMGF=?': '+CMGF: (0,1)',
}
const REFUSED = /^AT\+(CNMI|CUSD|CPMS|CIND|CMER|CEREG|CGEREP|COPS=\?|CCLK|CTZU|CTZR)/

/** @param path of its socket: Node.js 20 has no abstract ones that glib finds */
export async function startAtModem(path: string, initial: Partial<AtModemState> = {}): Promise<AtModem> {
  const state: AtModemState = {
    ...{ pin: undefined, isUnlocked: false, triesLeft: 3, sim: '8988211000000000001' },
    ...{ registration: 1, operator: 'Example Mobile', signal: 20, apn: 'internet', ...initial },
  }
  const pins: string[] = []
  const commands: string[] = []
  const sockets = new Set<Socket>()
  let copsForm = '0'
  let contexts = ''
  const server: Server = createServer(socket => {
    sockets.add(socket)
    let typed = ''
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', chunk => {
      typed += chunk.toString('latin1')
      for (let end = typed.search(/[\r\n]/); end >= 0; end = typed.search(/[\r\n]/)) {
        const command = typed.slice(0, end).trim()
        typed = typed.slice(end + 1)
        if (command === '') continue
        commands.push(command)
        socket.write(Buffer.from(`\r\n${answer(command)}\r\n`))
      }
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })

  function answer(command: string): string {
    const isLocked = state.pin !== undefined && !state.isUnlocked
    const [, pin] = /^AT\+CPIN="?(\d+)"?$/.exec(command) ?? []
    if (pin !== undefined) return tryPin(pin)
    if (command === 'AT+CPIN?') {
      if (state.sim === undefined) return '+CME ERROR: 10'
      if (state.triesLeft === 0) return '+CPIN: SIM PUK\r\n\r\nOK'
      return `+CPIN: ${isLocked ? 'SIM PIN' : 'READY'}\r\n\r\nOK`
    }
    // VERIFY without a PIN: how many tries are left (ETSI TS 102 221, 11.1.9).
    if (command === 'AT+CSIM=10,"0020000100"') return `+CSIM: 4,"63C${state.triesLeft}"\r\n\r\nOK`
    if (/^AT\+(CSIM|CPINR)/.test(command)) return 'ERROR'
    if (REFUSED.test(command)) return 'ERROR'
    if (command === 'AT+CCID' || command.startsWith('AT+CRSM=176,12258')) {
      if (state.sim === undefined) return '+CME ERROR: 10'
      // EF_ICCID, its digits in swapped pairs (3GPP TS 31.102, 4.2.2).
      const swapped = `${state.sim}F`.replace(/(.)(.)/g, '$2$1')
      return `+CRSM: 144,0,"${swapped}"\r\n\r\nOK`
    }
    if (isLocked && /^AT\+(CIMI|CREG|CGREG|COPS|CSQ)/.test(command)) return '+CME ERROR: 11'
    if (/^AT\+C(G)?REG\?$/.test(command))
      return `${command.slice(2, -1)}: 2,${state.registration},"1234","001122BB"\r\n\r\nOK`
    const [, form] = /^AT\+COPS=3,([02])$/.exec(command) ?? []
    if (form !== undefined) copsForm = form
    if (command === 'AT+COPS?')
      return `+COPS: 0,${copsForm},"${copsForm === '2' ? '00101' : state.operator}",2\r\n\r\nOK`
    const [, context] = /^AT\+CGDCONT=1,(.*)$/.exec(command) ?? []
    if (context !== undefined) contexts = context
    if (command === 'AT+CGDCONT?') return `${contexts === '' ? '' : `+CGDCONT: 1,${contexts},"",0,0\r\n\r\n`}OK`
    if (/^ATD\*99/.test(command)) return contexts.includes(`"${state.apn}"`) ? 'CONNECT 150000000' : '+CME ERROR: 127'
    if (command === 'AT+CSQ') return `+CSQ: ${state.signal},99\r\n\r\nOK`
    if (command.startsWith('AT+CLCK="')) return `+CLCK: ${state.pin === undefined ? 0 : 1}\r\n\r\nOK`
    const fixed = FIXED[command]
    return fixed === undefined ? 'OK' : `${fixed}\r\n\r\nOK`
  }

  function tryPin(pin: string): string {
    pins.push(pin)
    if (pin === state.pin && state.triesLeft > 0) {
      Object.assign(state, { isUnlocked: true, triesLeft: 3 })
      return 'OK'
    }
    state.triesLeft = Math.max(0, state.triesLeft - 1)
    return state.triesLeft === 0 ? '+CME ERROR: 12' : '+CME ERROR: 16'
  }

  return {
    ...{ state, pins, commands, port: path },
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise(resolve => server.close(() => resolve()))
    },
  }
}
