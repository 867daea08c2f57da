/** Power cuts from the arrival of a settings document to the end of its trial: what the board has afterwards is whole, and it is proved again. */
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { supervisorStatusSchema } from '../../../formats/status-file.ts'
import { waitFor } from '../../../testbed/wait-for.ts'
import type { Steps } from '../../case.ts'
import { type QemuMachine, startQemu } from '../../machine/qemu.ts'
import type { Durations, Target } from '../power-cuts.ts'
import { type Document, FIRST, nextDocument, push } from './documents.ts'
import { checkHalves, type Installed, readInstalled } from './installed.ts'
import { type Stage, TRIAL_S } from './stage.ts'

/** Milliseconds between two looks: each takes an emulated board half a second of its one processor. */
const LOOK_MS = 4_000
const SECRETS = '/etc/oobm/secrets'
/** A cut may come a little later than all is done: a busy machine is now slower, now faster. What goes back is installed twice. */
const LONGER = 1.1

export async function settingsTarget(stage: Stage, steps: Steps): Promise<Target> {
  const board = new Board(stage, steps)
  /** What is proved, and what was pushed last. */
  let [proved, pushed] = [FIRST, FIRST]
  const pushNext = async (isRight: boolean) => {
    proved = afterTrial(proved, pushed)
    pushed = await nextDocument(steps.folder, pushed.access.serial + 1, isRight, proved.connectivity)
    await push(stage.root, stage.operation, pushed)
  }
  let isRightNext = true
  return {
    measure: async (): Promise<Durations> => {
      await board.start()
      await board.untilDecided(FIRST)
      await pushNext(true)
      const pushedMs = performance.now()
      await board.untilDecided(pushed)
      const tookMs = performance.now() - pushedMs
      return { 'right settings': LONGER * tookMs, 'wrong settings': LONGER * (2 * tookMs + TRIAL_S * 1_000) }
    },
    prepare: async cut => {
      // Settings that go back take the longest.
      isRightNext = cut % 3 !== 2
      return isRightNext
        ? { what: 'right settings', cuts: ['right settings'] }
        : { what: 'settings with a wrong relay', cuts: ['wrong settings'] }
    },
    powerOn: async () => {
      await pushNext(isRightNext)
      return board.machine
    },
    startWhole: async () => {
      const seen = board.startAgain([proved, pushed])
      // Also after a failure: the next cut begins with what is decided.
      const found = await seen.finally(() => board.untilDecided(afterTrial(proved, pushed)))
      // The tunnel is a technician's way in, and not only the board's own proof.
      await stage.tess.shell('true')
      return {
        found: `${describe(found, pushed)}; in the end ${pushed.isRight ? 'the new ones' : 'the old ones'}, proved; access of document ${pushed.access.serial}`,
      }
    },
  }
}

class Board {
  readonly #stage: Stage
  readonly #steps: Steps
  #machine: QemuMachine | undefined

  constructor(stage: Stage, steps: Steps) {
    this.#stage = stage
    this.#steps = steps
  }

  get machine(): QemuMachine {
    if (this.#machine === undefined) throw new Error('it was not switched on')
    return this.#machine
  }

  async start(): Promise<void> {
    const directory = await mkdtemp(join(this.#steps.folder, 'on-'))
    this.#machine = await startQemu({ ...this.#stage.powerOn, directory, volatileCard: true })
    this.#steps.cleanup(this.#machine.cutPower)
    await this.#machine.untilUp()
  }

  /** @returns what it had as soon as its supervisor ran: one of these documents, each half whole */
  async startAgain(documents: readonly Document[]): Promise<Installed> {
    await this.start()
    // Until then, what a power cut interrupted may not be finished.
    const isUp = async () => (await this.machine.sh('systemctl is-active oobm-supervisor || true')) === 'active'
    await waitFor('its supervisor', isUp, this.#patience)
    const found = await this.#look()
    checkHalves(found, documents)
    return found
  }

  /** Waits until no trial runs and the tunnel is proved, with these settings and no others. */
  async untilDecided(document: Document): Promise<void> {
    let last = ''
    try {
      await waitFor(
        'its settings to be decided and proved',
        async () => {
          if (this.machine.isOff()) throw new Error('it went off')
          // In this order: a serial number is there before its trial is over.
          const said = await this.machine.sh(
            `sed -n 's/^serial = //p' /etc/oobm/settings.toml; cat /run/oobm/status.json 2>/dev/null | tr -d '\\n'; echo; ls ${SECRETS}/trial.toml ${SECRETS}/next.toml 2>/dev/null || true`,
          )
          const [serial = '', text = '', undecided = ''] = said.split('\n')
          const { data: status } = supervisorStatusSchema.safeParse(JSON.parse(text || '{}'))
          last = `serial number ${serial}, ${status?.state}, ${status?.cause}; ${undecided}`
          if (!status || status.connectedAt === null || undecided !== '') return false
          const isProved = (status.proof.provedAt ?? 0) >= status.connectedAt
          const { access, connectivity } = document
          // It may not have come yet.
          return isProved && status.relay?.host === connectivity.relay && Number(serial) === access.serial
        },
        this.#patience,
      )
    } catch (err) {
      throw new Error(`${err}; it says ${last}`)
    }
    const found = await this.#look()
    if (found.trial !== undefined) throw new Error(`a trial runs again: ${found.trial}`)
    checkHalves(found, [document])
  }

  async #look(): Promise<Installed> {
    return readInstalled(this.machine, await mkdtemp(join(this.#steps.folder, 'etc-')))
  }

  get #patience() {
    return { timeoutMs: this.#stage.powerOn.board.patienceMs, paceMs: LOOK_MS }
  }
}

/** Access stays, whatever becomes of the rest. */
function afterTrial({ connectivity }: Document, pushed: Document): Document {
  return pushed.isRight ? pushed : { ...pushed, connectivity }
}

function describe({ serial, connectivity, trial }: Installed, { access, ...pushed }: Document): string {
  const halves = [
    `${serial === access.serial ? 'new' : 'old'} access`,
    `${connectivity.label === pushed.connectivity.label ? 'new' : 'old'} connectivity`,
  ]
  return `after the start ${halves.join(', ')}${trial === undefined ? '' : `, ${trial === 'trial' ? 'on trial' : 'trial waits'}`}`
}
