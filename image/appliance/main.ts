/** `make appliance-test`: starts the appliance in QEMU through everything that a card meets in the field, and prints what came of it. */
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { runProgram } from '../../testbed/run-program.ts'
import { dataPartition, makeCard, ROOT_START_MIB, readAt, spoilData } from './card.ts'
import { type Machine, startMachine } from './machine.ts'

const MIB = 1_048_576
const ROOT_MIB = 600
const CARD_MIB = 1536
const FACTS = '/run/oobm-appliance'
const UPGRADE = '/usr/lib/oobm-appliance/upgrade'
const VERSION = 'cat /usr/share/oobm-probe/version'
/** The test's shell is there earlier than most. */
const SETTLED = 'until systemctl -q is-active multi-user.target; do sleep 1; done'
/** As far as write-status.ts goes; what the supervisor says when a technician can get in. */
const PROOF = `mkdir -p /run/oobm; printf '{\\n  "word": "ready",\\n  "proof": {\\n    "provedAt": 1\\n  }\\n}\\n' >/run/oobm/status.json`

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '20' },
    only: { type: 'string', default: '' },
    cache: { type: 'string', default: 'build/appliance' },
  },
})
const work = mkdtempSync(join(tmpdir(), 'oobm-appliance-'))
const machines = new Set<Machine>()
const rows: { name: string; outcome: string; seconds: number }[] = []
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void end(130))
await main()

async function main() {
  const tree = await runProgram('image/appliance/make-tree', [values.cache], { timeoutMs: 1_200_000 })
  if (tree.code !== 0) {
    process.stderr.write(`make-tree: exit ${tree.code}\n${tree.stdout}${tree.stderr}`)
    return end(1)
  }
  await scenario('first start makes the data partition, second one keeps it', keeps)
  await scenario('a faulty data partition', mends)
  await scenario('a larger card', grows)
  await scenario('a card that takes no more writes', worn)
  await scenario('upgrade from a file: trial, confirmed, undone', upgrades)
  await scenario('upgrade from a mirror: not proved, falls back', fallsBack)
  await scenario('power cut in a trial: falls back', cutInTrial)
  await scenario(`${values.cuts} power cuts at the first start`, powerCuts)
  await end(rows.some(row => row.outcome !== 'ok') ? 1 : 0)
}

async function scenario(name: string, body: (folder: string) => Promise<string | undefined>) {
  if (!name.includes(values.only)) return
  const folder = join(work, String(rows.length))
  mkdirSync(folder)
  const startedMs = Date.now()
  let outcome = 'ok'
  let note = ''
  try {
    note = (await body(folder)) ?? ''
  } catch (err) {
    outcome = err instanceof Error ? err.message : String(err)
  }
  for (const machine of machines) await machine.pullPlug()
  machines.clear()
  rmSync(folder, { recursive: true })
  rows.push({
    name: note === '' ? name : `${name} (${note})`,
    outcome,
    seconds: Math.round((Date.now() - startedMs) / 1000),
  })
  process.stdout.write(
    `${outcome === 'ok' ? 'ok  ' : 'FAIL'} ${rows.at(-1)?.name}, ${rows.at(-1)?.seconds} s\n${outcome === 'ok' ? '' : `${outcome}\n`}`,
  )
}

async function end(code: number) {
  for (const machine of machines) await machine.pullPlug()
  rmSync(work, { recursive: true, force: true })
  process.exit(code)
}

async function flashed(folder: string): Promise<string> {
  const card = join(folder, 'card.img')
  await makeCard(card, { root: join(values.cache, 'root.ext4'), rootMib: ROOT_MIB, sizeMib: CARD_MIB })
  return card
}

function powerOn(folder: string, card: string, options: { readOnlyCard?: boolean } = {}): Machine {
  const machine = startMachine({ boot: values.cache, card, directory: folder, ...options })
  machines.add(machine)
  return machine
}

async function start(folder: string, card: string, options: { readOnlyCard?: boolean } = {}): Promise<Machine> {
  const machine = powerOn(folder, card, options)
  await machine.untilUp()
  return machine
}

function expect(what: string, found: unknown, wanted: unknown) {
  if (found !== wanted)
    throw new Error(`${what}: ${JSON.stringify(found)} where ${JSON.stringify(wanted)} was expected`)
}

async function expectFacts(machine: Machine, data: string, generation = '0') {
  expect('data', await machine.sh(`cat ${FACTS}/data`), data)
  expect('generation', await machine.sh(`cat ${FACTS}/generation`), generation)
}

async function switchOff(machine: Machine) {
  // The answer may be lost with the machine.
  machine.sh('systemctl poweroff').catch(() => {})
  await machine.untilOff()
}

function rootHash(card: string): string {
  return createHash('sha256')
    .update(readAt(card, ROOT_START_MIB * MIB, ROOT_MIB * MIB))
    .digest('hex')
}

async function keeps(folder: string) {
  const card = await flashed(folder)
  const asFlashed = rootHash(card)
  let machine = await start(folder, card)
  await expectFacts(machine, 'made')
  expect('what the image brings', await machine.sh('cat /etc/oobm/seed'), 'from-the-image')
  expect('its mode', await machine.sh('stat -c %a /etc/oobm/seed'), '640')
  expect('/', await machine.sh('findmnt -no FSTYPE /'), 'overlay')
  expect('/data', await machine.sh('findmnt -no FSTYPE /data'), 'ext4')
  expect('/data, its mode', await machine.sh('stat -c %a /data'), '700')
  expect('the image stays in sight', await machine.sh(`findmnt -no OPTIONS ${FACTS}/image | cut -d, -f1`), 'ro')
  const id = await machine.sh('cat /etc/machine-id')
  expect(
    'systemd knows it',
    await machine.sh('journalctl -q -n 1 -o json | grep -o "_MACHINE_ID\\":\\"[0-9a-f]*" | cut -c15-'),
    id,
  )
  await machine.sh('echo kept >/etc/oobm/device.toml; echo gone >/etc/gone; sync')
  await machine.sh('systemctl start systemd-random-seed; sync')
  await switchOff(machine)
  machine = await start(folder, card)
  await expectFacts(machine, 'ok')
  expect('machine-id', await machine.sh('cat /etc/machine-id'), id)
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  expect('something else', await machine.sh('test -e /etc/gone || echo not there'), 'not there')
  expect('a random seed', await machine.sh('test -s /data/kept/random-seed && echo there'), 'there')
  await machine.sh(SETTLED)
  expect('failed units', await machine.sh('systemctl --failed --no-legend --plain | cut -d" " -f1'), '')
  await machine.pullPlug()
  expect('the root partition after it all', rootHash(card), asFlashed)
  machine = await start(folder, card)
  await expectFacts(machine, 'ok')
  return undefined
}

/** A card that started once and has a setting. */
async function used(folder: string): Promise<string> {
  const card = await flashed(folder)
  const machine = await start(folder, card)
  await machine.sh('echo kept >/etc/oobm/device.toml; sync')
  await switchOff(machine)
  return card
}

async function mends(folder: string) {
  const card = await used(folder)
  await spoilData(card, 0, Buffer.alloc(4096))
  let machine = await start(folder, card)
  await expectFacts(machine, 'repaired')
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  await machine.pullPlug()
  const { sizeBytes } = (await dataPartition(card)) ?? { sizeBytes: 0 }
  await spoilData(card, 0, Buffer.alloc(sizeBytes, 'garbage '))
  machine = await start(folder, card)
  await expectFacts(machine, 'made')
  expect('a setting', await machine.sh('test -e /etc/oobm/device.toml || echo not there'), 'not there')
  await switchOff(machine)
  const foreign = join(folder, 'fat')
  await runProgram('mkfs.vfat', ['-C', foreign, '65536'])
  const fat = readAt(foreign, 0, statSync(foreign).size)
  await spoilData(card, 0, Buffer.alloc(sizeBytes))
  await spoilData(card, 0, fat)
  machine = await start(folder, card)
  await expectFacts(machine, 'lost')
  expect('/data', await machine.sh('findmnt -no FSTYPE /data'), 'tmpfs')
  await machine.pullPlug()
  const { startBytes } = (await dataPartition(card)) ?? { startBytes: 0 }
  expect('somebody else’s file system', readAt(card, startBytes, fat.length).equals(fat), true)
  return 'superblock zeroed: repaired; garbage: made again; FAT: lost, left as it is'
}

async function grows(folder: string) {
  const card = await used(folder)
  truncateSync(card, 2 * CARD_MIB * MIB)
  let machine = powerOn(folder, card)
  await machine.untilConsoleSays(/growing the data partition/)
  await machine.pullPlug()
  machine = await start(folder, card)
  const mib = Number(await machine.sh('df --output=size -BM /data | tail -n 1 | tr -dc 0-9'))
  if (mib < 2 * CARD_MIB - ROOT_MIB - 150) throw new Error(`/data has ${mib} MiB`)
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  return `cut while it grew; then ${mib} MiB`
}

async function worn(folder: string) {
  const card = await used(folder)
  const machine = await start(folder, card, { readOnlyCard: true })
  await expectFacts(machine, 'lost')
  expect('a setting', await machine.sh('cat /etc/oobm/device.toml'), 'kept')
  await machine.sh('echo changed >/etc/oobm/device.toml')
  return await machine.sh(`cat ${FACTS}/why`)
}

async function upgrades(folder: string) {
  const card = await flashed(folder)
  const asFlashed = rootHash(card)
  let machine = await start(folder, card)
  await machine.sh(SETTLED)
  // Who asked for it is gone with the connection, as soon as it is being made.
  const hangUp = 'until systemctl -q is-active oobm-upgrade; do sleep 1; done; kill -HUP -- "-$!"'
  machine.sh(`setsid ${UPGRADE} /srv/oobm-probe_3_all.deb >/dev/kmsg 2>&1 & ${hangUp}`).catch(() => {})
  await machine.untilOff()
  machine = await start(folder, card)
  await expectFacts(machine, 'ok', '1')
  expect('on trial', await machine.sh(`cat ${FACTS}/trial`), '1')
  expect('version', await machine.sh(VERSION), '3')
  await machine.sh(PROOF)
  await machine.untilConsoleSays(/generation 1 has proved itself/)
  await machine.pullPlug()
  machine = await start(folder, card)
  await expectFacts(machine, 'ok', '1')
  expect('no trial', await machine.sh(`test -e ${FACTS}/trial || echo none`), 'none')
  await machine.sh(SETTLED)
  const list = await machine.sh(`${UPGRADE} --list`)
  if (!/^1, confirmed, running$/m.test(list)) throw new Error(list)
  machine.sh(`${UPGRADE} --undo >/dev/kmsg 2>&1`).catch(() => {})
  await machine.untilOff()
  machine = await start(folder, card)
  await expectFacts(machine, 'ok', '0')
  expect('on trial', await machine.sh(`cat ${FACTS}/trial`), '0')
  expect('version', await machine.sh(VERSION), '1')
  await machine.sh(PROOF)
  await machine.untilConsoleSays(/generation 0 has proved itself/)
  expect('the root partition after it all', rootHash(card), asFlashed)
  return undefined
}

/** A card with a generation that is to start on trial next. */
async function withTrial(folder: string): Promise<string> {
  const card = await flashed(folder)
  const machine = await start(folder, card)
  await machine.sh(SETTLED)
  machine.sh(`${UPGRADE} >/dev/kmsg 2>&1`).catch(() => {})
  await machine.untilOff()
  return card
}

async function fallsBack(folder: string) {
  const card = await withTrial(folder)
  let machine = await start(folder, card)
  await expectFacts(machine, 'ok', '1')
  expect('version', await machine.sh(VERSION), '2')
  await machine.untilOff()
  machine = await start(folder, card)
  await expectFacts(machine, 'ok', '0')
  expect('fallen', await machine.sh(`cat ${FACTS}/fallen`), '1')
  expect('version', await machine.sh(VERSION), '1')
  return undefined
}

async function cutInTrial(folder: string) {
  const card = await withTrial(folder)
  let machine = powerOn(folder, card)
  await machine.untilConsoleSays(/generation 1 starts on trial/)
  await machine.pullPlug()
  machine = await start(folder, card)
  await expectFacts(machine, 'ok', '0')
  expect('fallen', await machine.sh(`cat ${FACTS}/fallen`), '1')
  return undefined
}

/** At a random moment of the first start, half of the cuts in the seconds in which the card is written; then once more, and whole. */
async function powerCuts(folder: string) {
  const fresh = await flashed(folder)
  const card = join(folder, 'cut.img')
  const came = new Map<string, number>()
  for (let cut = 0; cut < Number(values.cuts); cut++) {
    copyFileSync(fresh, card)
    const delaysMs: number[] = []
    for (let turn = 0; turn < 2; turn++) {
      const machine = powerOn(folder, card)
      await machine.untilConsoleSays(cut % 2 === 0 ? /mounted filesystem/ : /Run \/init/)
      const delayMs = Math.random() * (cut % 2 === 0 ? 5_000 : 12_000)
      delaysMs.push(Math.round(delayMs))
      await delay(delayMs)
      await machine.pullPlug()
    }
    const machine = await start(folder, card)
    const data = await machine.sh(`cat ${FACTS}/data`)
    const after = `after cuts ${delaysMs.join(' and ')} ms in`
    if (!['ok', 'made', 'repaired'].includes(data))
      throw new Error(`data is ${data} ${after}\n${machine.consoleText().slice(-3000)}`)
    expect(`what the image brings, ${after}`, await machine.sh('cat /etc/oobm/seed'), 'from-the-image')
    expect(`its data partition, ${after}`, await machine.sh('findmnt -no FSTYPE /data'), 'ext4')
    expect(`machine-id, ${after}`, await machine.sh('grep -cE "^[0-9a-f]{32}$" /data/kept/machine-id'), '1')
    came.set(data, (came.get(data) ?? 0) + 1)
    await machine.pullPlug()
    machines.clear()
    process.stdout.write(`     cut ${cut + 1}: ${after}, data is ${data}\n`)
  }
  return [...came].map(([data, times]) => `${times} ${data}`).join(', ')
}
