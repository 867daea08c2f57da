/** A console on a fake line with a fake clock, and people at it who record what they are told. */
import { consoleSchema } from '../../formats/console-settings.ts'
import { silentLog } from '../../runtime/log.ts'
import type { TestContext } from '../../testbed/suite.ts'
import { Console } from '../console/console.ts'
import type { Person } from '../console/person.ts'
import type { SeatMemory } from '../console/remembered.ts'
import type { SeatEvents } from '../console/seat.ts'
import { lastLeft } from '../console/set-line.ts'
import type { TerminalSize } from '../console/terminal-size.ts'
import type { NewEvent, Span } from '../events.ts'
import { fakeLine } from './fake-line.ts'
import { quickClock } from './quick-clock.ts'

/** The line is open until the end of the test. */
export function fakeConsole(
  context: TestContext,
  settings: Partial<Parameters<typeof consoleSchema.parse>[0] & object> = {},
  memory?: SeatMemory,
) {
  const clock = quickClock()
  const line = fakeLine()
  /** What a recorder is told, as `session begin {…}`. */
  const recorded: string[] = []
  const noted: [NewEvent, Span | undefined][] = []
  const console = new Console({
    config: consoleSchema.parse({ name: 'core-sw1', path: '/dev/x', ...settings }),
    ...{ scrollbackBytes: 65_536, clock, log: silentLog },
    recorderOf: () => ({
      received: () => {},
      happened: (kind, what, fields) => recorded.push(`${kind} ${what} ${JSON.stringify(fields)}`),
    }),
    ...(memory && { memory }),
    onEvent: (event, span) => noted.push([event, span]),
    onEmpty: console => void lastLeft(console, context.signal),
  })
  line.settings = console.control.settings
  console.lineOpened(line)
  context.cleanup(() => console.lineClosed('the test is over'))
  const attach = (
    technician: string,
    { viewOnly = false, size, ...more }: Partial<Person> & { viewOnly?: boolean; size?: TerminalSize } = {},
  ) => {
    const told: string[] = []
    const seat = console.sessions.attach(
      { technician, role: 'operator', from: 'x', ...more },
      viewOnly,
      recordedEvents(told),
      size,
    )
    return { seat, told }
  }
  const pass = (ms: number) => clock.sleep(ms, new AbortController().signal)
  return { console, line, clock, attach, pass, recorded, noted }
}

function recordedEvents(told: string[]): SeatEvents {
  return {
    onOutput: () => {},
    onNotice: text => told.push(text),
    onRoom: () => told.push('room'),
    onSent: bytes => told.push(`sent ${bytes}`),
    onLost: (bytes, { kind }) => told.push(`lost ${bytes}: ${kind}`),
    onOthersBreak: () => told.push('break of another'),
    onDismissed: async text => told.push(`dismissed: ${text}`),
  }
}
