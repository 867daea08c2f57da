import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import type { ModemLines } from '../line/line.ts'
import { type ComPort, ComPortServer } from './com-port-server.ts'
import { OPTION, TELNET } from './telnet.ts'

const test = suite('com port')

/** A line at 9600 8N1; `allows` false for one whose settings the client may not change. */
function comPort({ allows = true } = {}) {
  const log: string[] = []
  const modem = { lines: undefined as ModemLines | undefined }
  const state = {
    settings: { baudRate: 9600, dataBits: 8, parity: 'none', stopBits: 1, flowControl: 'none' } as ComPort['settings'],
    outputs: { dtr: true, rts: true },
    isInBreak: false,
  }
  const port: ComPort = {
    signature: 'oobm core-sw1',
    get settings() {
      return state.settings
    },
    get outputs() {
      return state.outputs
    },
    get isInBreak() {
      return state.isInBreak
    },
    set: async changes => {
      log.push(`set ${JSON.stringify(changes)}`)
      if (allows) state.settings = { ...state.settings, ...changes }
    },
    setOutputs: async changes => {
      log.push(`drive ${JSON.stringify(changes)}`)
      if (allows) state.outputs = { ...state.outputs, ...changes }
    },
    setBreak: async on => {
      log.push(`break ${on}`)
      if (allows) state.isInBreak = on
    },
    modemLines: async () => modem.lines,
    purgeReceived: () => void log.push('purge received'),
    purgeSent: () => void log.push('purge sent'),
    suspend: on => void log.push(`suspend ${on}`),
  }
  const server = new ComPortServer(port)
  const ask = async (...bytes: number[]) => payload(await server.handle(Buffer.from(bytes)))
  return { server, ask, log, modem }
}

/** Between IAC SB COM-PORT-OPTION and IAC SE. */
function payload(sent: Buffer | undefined): number[] | undefined {
  if (sent === undefined) return undefined
  const { iac, sb, se } = TELNET
  assert.equal([...sent.subarray(0, 3), ...sent.subarray(-2)], [iac, sb, OPTION.comPort, iac, se])
  return [...sent.subarray(3, -2)]
}

type Row = [what: string, asked: number[], answered: number[] | undefined, done?: string]

const QUESTIONS: Row[] = [
  ['signature', [0], [100, ...Buffer.from('oobm core-sw1')]],
  ['the client’s own signature', [0, 65], undefined],
  ['speed', [1, 0, 0, 0, 0], [101, 0, 0, 37, 128]],
  ['data bits', [2, 0], [102, 8]],
  ['parity', [3, 0], [103, 1]],
  ['stop bits', [4, 0], [104, 1]],
  ['flow control', [5, 0], [105, 1]],
  ['BREAK', [5, 4], [105, 6]],
  ['DTR', [5, 7], [105, 8]],
  ['RTS', [5, 10], [105, 11]],
  ['flow control of the other direction', [5, 13], [105, 14]],
  ['modem state', [7], [107, 0]],
]

const CHANGES: Row[] = [
  ['speed', [1, 0, 1, 194, 0], [101, 0, 1, 194, 0], 'set {"baudRate":115200}'],
  ['data bits', [2, 7], [102, 7], 'set {"dataBits":7}'],
  ['even', [3, 3], [103, 3], 'set {"parity":"even"}'],
  ['odd', [3, 2], [103, 2], 'set {"parity":"odd"}'],
  ['stop bits', [4, 2], [104, 2], 'set {"stopBits":2}'],
  ['XON/XOFF', [5, 2], [105, 2], 'set {"flowControl":"xon-xoff"}'],
  ['hardware flow control', [5, 3], [105, 3], 'set {"flowControl":"rts-cts"}'],
  ['hardware flow control, the other direction', [5, 16], [105, 16], 'set {"flowControl":"rts-cts"}'],
  ['BREAK', [5, 5], [105, 5], 'break true'],
  ['DTR off', [5, 9], [105, 9], 'drive {"dtr":false}'],
  ['RTS off', [5, 12], [105, 12], 'drive {"rts":false}'],
]

const WITHOUT_EFFECT: Row[] = [
  ['the speed that it has', [1, 0, 0, 37, 128], [101, 0, 0, 37, 128]],
  ['DTR as it is', [5, 8], [105, 8]],
  ['mark', [3, 4], [103, 1]],
  ['one and a half stop bits', [4, 3], [104, 1]],
  ['9 data bits', [2, 9], [102, 8]],
  ['a speed of three bytes', [1, 1, 1, 1], [101, 0, 0, 37, 128]],
  ['DCD flow control', [5, 17], [105, 1]],
  ['DTR flow control', [5, 18], [105, 14]],
  ['a control that the RFC does not have', [5, 200], undefined],
  ['a command that the RFC does not have', [77, 1], undefined],
  ['nothing', [], undefined],
  ['purge nothing', [12, 9], undefined],
  ['line state', [10, 255], [110, 0]],
]

const OTHERS: Row[] = [
  ['suspend', [8], undefined, 'suspend true'],
  ['resume', [9], undefined, 'suspend false'],
  ['purge what was received', [12, 1], [112, 1], 'purge received'],
  ['purge what was sent', [12, 2], [112, 2], 'purge sent'],
  ['purge both', [12, 3], [112, 3], 'purge received, purge sent'],
]

test('answers each question and each change with what is in force', async () => {
  for (const [what, asked, answered, done = ''] of [...QUESTIONS, ...CHANGES, ...WITHOUT_EFFECT, ...OTHERS]) {
    const { ask, log } = comPort()
    assert.equal(await ask(...asked), answered, what)
    assert.is(log.join(', '), done, what)
  }
})

test('answers what it may not change with the value as it was', async () => {
  for (const [what, asked, , done] of CHANGES) {
    const { ask, log } = comPort({ allows: false })
    const before = QUESTIONS.find(([, question]) => question[0] === asked[0] && sameGroup(question, asked))?.[2]
    assert.equal(await ask(...asked), before, what)
    assert.is(log.join(), done, what)
  }
})

/** Values of SET-CONTROL come in groups that begin with their question. */
function sameGroup([command, question = 0]: number[], [, asked = 0]: number[]): boolean {
  const next = [0, 4, 7, 10, 13, 255]
  return command !== 5 || (asked >= question && asked < (next[next.indexOf(question) + 1] ?? 0))
}

test('tells the modem lines at the beginning, and then each change that the mask has', async () => {
  const { server, ask, modem } = comPort()
  const notice = async (isFirst = false) => payload(await server.modemNotice(isFirst))
  modem.lines = { cts: true, dsr: false, dcd: true, ri: undefined }
  assert.equal(await notice(true), [107, 0b1001_0000])
  assert.is(await notice(), undefined)
  modem.lines = { cts: false, dsr: true, dcd: true, ri: true }
  assert.equal(await notice(), [107, 0b1110_0011])
  modem.lines = { ...modem.lines, ri: false }
  assert.equal(await notice(), [107, 0b1010_0100], 'RI counts when it goes off')
  assert.equal(await ask(11, 0b0001_0001), [111, 0b0001_0001])
  modem.lines = { ...modem.lines, dsr: false }
  assert.is(await notice(), undefined)
  modem.lines = { ...modem.lines, cts: true }
  assert.equal(await notice(), [107, 0b0001_0001])
  assert.ok(server.wantsModemNotices)
  await ask(11, 0)
  assert.not(server.wantsModemNotices)
})

test.run()
