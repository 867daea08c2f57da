/** A board that trusts an operator's signature, and that operator's relay: what the cases of settings share. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeKey } from '../../../testbed/make-key.ts'
import { addDropIn, addTestShell } from '../../card/test-shell.ts'
import type { Run } from '../../case.ts'
import { boardOf, hasKvm, IDLE_DRIVERS } from '../../machine/boards.ts'
import type { PowerOn } from '../../machine/qemu-arguments.ts'
import { type Operation, prepareOperation } from '../image/relay.ts'
import { cardFrom } from '../image/scene.ts'
import { type Technician, technician } from '../image/technician.ts'
import { SECOND_ADDRESS } from './documents.ts'

/** Seconds in the place of ten minutes, for a proof through new settings: a good one takes an emulated board 40. */
export const TRIAL_S = 75
/** What takes much of an emulated start and of a change of settings, and has nothing to do with what is tried. */
export const LEFT_OUT = [
  ...['getty.target', 'e2scrub_reap.service', 'systemd-logind.service', 'systemd-timesyncd.service'],
  ...['files', 'lines', 'outlets'].flatMap(name => [`oobm-${name}.path`, `oobm-${name}.service`]),
]
  .map(unit => `systemd.mask=${unit}`)
  .concat('systemd.show_status=no')

export interface Stage {
  /** The operator's folder. */
  root: string
  operation: Operation
  tess: Technician
  /** The board with its provisioned card. */
  powerOn: Omit<PowerOn, 'directory'>
}

/** @param image the image's folder */
export async function makeStage(image: string, { folder, cleanup }: Run): Promise<Stage> {
  const signer = await makeKey(folder, 'signer')
  const operation = await prepareOperation(folder, { settings: { signers: [signer.publicKey], key: 'signer' } })
  const sshd = await operation.startRelay(SECOND_ADDRESS)
  cleanup(sshd.stop)
  const card = await cardFrom(image, folder)
  await addTestShell(card.path)
  await shortenTrials(card.path, folder, TRIAL_S)
  await card.write('oobm.toml', operation.provisioning)
  const commandLine = (await readFile(join(image, 'cmdline.txt'), 'utf8')).trim()
  const vm = boardOf('vm', hasKvm())
  const board = { ...vm, hasShell: true, kernelOptions: [...vm.kernelOptions, ...LEFT_OUT, IDLE_DRIVERS] }
  return {
    ...{ root: folder, operation, tess: technician(operation.sshConfig) },
    powerOn: { board, boot: join(image, 'boot'), commandLine, card: card.path },
  }
}

/** @param folder for a file */
export async function shortenTrials(card: string, folder: string, trialS: number): Promise<void> {
  const dropIn = join(folder, 'trial.conf')
  await writeFile(dropIn, `[Service]\nEnvironment=OOBM_TRIAL_S=${trialS}\n`)
  await addDropIn(card, 'oobm-apply.service', dropIn)
}
