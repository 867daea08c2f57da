import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { runProgram } from '../../../testbed/run-program.ts'
import { scratchDirectory } from '../../../testbed/scratch.ts'
import { suite } from '../../../testbed/suite.ts'
import { renderSshConfig } from './ssh-config.ts'
import { HOSTILE_OPTIONS, HOSTILE_SETTINGS, NOT_OURS } from './testing/hostile-settings.ts'
import { FLEET } from './testing/two-relays.ts'

const test = suite('ssh_config among a technician’s own settings for all hosts')
const [alice] = FLEET.technicians
assert.ok(alice)
const CONFIG = renderSshConfig(FLEET, alice, { knownHostsFile: '~/.ssh/oobm/known_hosts' })
const HOSTS = [...CONFIG.matchAll(/^Host (.*)$/gm)].flatMap(match => (match[1] ?? '').split(' '))

/** What `ssh -G` says that it would do: one option a line, some several times. */
async function meaning(config: string, host: string): Promise<Map<string, string>> {
  const { code, stdout, stderr } = await runProgram('ssh', ['-F', config, '-G', host])
  assert.is(code, 0, stderr)
  const settings = new Map<string, string>()
  for (const line of stdout.trim().split('\n')) {
    const [option = '', ...value] = line.split(' ')
    settings.set(option, [settings.get(option), value.join(' ')].filter(Boolean).join('; '))
  }
  return settings
}

async function differences(one: string, other: string, host: string): Promise<string[]> {
  const [a, b] = await Promise.all([meaning(one, host), meaning(other, host)])
  return [...new Set([...a.keys(), ...b.keys()])].filter(option => a.get(option) !== b.get(option))
}

test('none of them changes a host of ours, except those that are the technician’s own', async context => {
  const directory = await scratchDirectory(context)
  const ours = join(directory, 'config')
  const own = join(directory, 'own')
  await writeFile(ours, CONFIG)
  await writeFile(own, `Include ${ours}\n${HOSTILE_SETTINGS}`)
  // Two relays by two names each, two shells, five consoles, and three names more for what is at two relays.
  assert.is(HOSTS.length, 14)
  for (const host of HOSTS) {
    const forwards = host.startsWith('oobm-relay-') ? [] : ['localforward', 'remoteforward', 'dynamicforward']
    const changed = (await differences(ours, own, host)).filter(option => !NOT_OURS.has(option))
    assert.equal(changed.sort(), forwards.sort(), host)
  }
})

test('each of them changes another host: the test really has them', async context => {
  const directory = await scratchDirectory(context)
  const hostile = join(directory, 'hostile')
  await writeFile(hostile, HOSTILE_SETTINGS)
  const changed = await differences('none', hostile, 'elsewhere')
  // A jump host needs a file of its own: it and a ProxyCommand exclude each other.
  await writeFile(join(directory, 'jump'), 'Host *\n  ProxyJump elsewhere.example.net\n')
  assert.equal(await differences('none', join(directory, 'jump'), 'elsewhere'), ['proxyjump'])
  const missing = HOSTILE_OPTIONS.filter(option => !changed.includes(option.toLowerCase()))
  assert.equal(missing, [])
})

test('a jump host for all does not lead to our relays or devices', async context => {
  const directory = await scratchDirectory(context)
  const ours = join(directory, 'config')
  const own = join(directory, 'own')
  await writeFile(ours, CONFIG)
  await writeFile(own, `Include ${ours}\nHost *\n  ProxyJump elsewhere.example.net\n`)
  for (const host of HOSTS) assert.equal(await differences(ours, own, host), [], host)
})

test('settings above by name count, and settings that technicians share between systems are accepted', async context => {
  const directory = await scratchDirectory(context)
  const ours = join(directory, 'config')
  const own = join(directory, 'own')
  await writeFile(ours, CONFIG)
  const proxy = 'Host oobm-relay-*\n  ProxyCommand nc -X connect -x proxy:8080 %h %p\nHost *\n'
  await writeFile(own, `${proxy}Include ${ours}\nIgnoreUnknown UseKeychain\nUseKeychain yes\nGSSAPIAnything yes\n`)
  for (const host of HOSTS) {
    assert.equal(await differences(ours, own, host), host.startsWith('oobm-relay-') ? ['proxycommand'] : [], host)
  }
})

test.run()
