import { cpSync, readdirSync, symlinkSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { makeKey } from '../testbed/make-key.ts'
import { runProgram } from '../testbed/run-program.ts'
import { scratchDirectory } from '../testbed/scratch.ts'
import { suite } from '../testbed/suite.ts'

const test = suite('adding a setting')
const ROOT = join(import.meta.dirname, '..')

/** In the copy: what the packages would hold. */
const LOOK = `
import { readFileSync } from 'node:fs'
import { bashCompletion } from './packaging/completion.ts'
import { jsonSchemas } from './packaging/json-schemas.ts'
import { manPage } from './packaging/man-page.ts'
import { tomlPage } from './packaging/toml-page.ts'
import { PROGRAM } from './relay-config/operator/commands/all-commands.ts'
const template = path => readFileSync(path, 'utf8')
console.log(JSON.stringify({
  tomlPage: tomlPage(template('man/oobm.toml.5'), new Date()),
  relayPage: manPage(template('man/oobm-relay.1'), PROGRAM, new Date()),
  completion: bashCompletion(template('completion/command.bash'), PROGRAM),
  schemas: Object.fromEntries(Object.entries(jsonSchemas()).map(([name, text]) => [name, JSON.parse(text)])),
}))
`

test(
  'one line in a schema is all that a setting of a console or of a site needs beside its effect',
  async context => {
    const tree = await scratchDirectory(context)
    for (const name of readdirSync(ROOT)) {
      if (!name.startsWith('.') && !['node_modules', 'build'].includes(name))
        cpSync(join(ROOT, name), join(tree, name), { recursive: true })
    }
    symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'))
    await insert(
      join(tree, 'formats/console-settings.ts'),
      '  baudRate: ',
      `  sample: z.enum(['on', 'off']).default('on').meta({ description: 'level of RTS' }),\n`,
    )
    await insert(
      join(tree, 'formats/site-config.ts'),
      '    dns: ',
      `    extent: z.int().min(576).max(9216).optional().meta({ description: 'largest packet', unit: 'bytes', example: 1400 }),\n`,
    )
    const run = async (...[command = '', ...args]: string[]) => {
      const { code, stdout, stderr } = await runProgram(command, args, { cwd: tree, timeoutMs: 120_000 })
      assert.is(code, 0, `${command} ${args.join(' ')}: ${stdout}${stderr}`)
      return stdout
    }
    const node = (...args: string[]) => run(process.execPath, '--import', 'tsx', ...args)

    await run('node_modules/.bin/tsc')
    await writeFile(join(tree, 'look.ts'), LOOK)
    const seen = JSON.parse(await node('look.ts'))
    assert.match(seen.tomlPage, '.It Ic sample Pq \\(dqon\\(dq or \\(dqoff\\(dq; default \\(dqon\\(dq\nLevel of RTS.\n')
    assert.match(seen.tomlPage, '.It Ic extent Pq 576 to 9216 bytes\nLargest packet.\n')
    assert.match(seen.relayPage, /^\.It Fl \\-sample Ar "on|off"\nLevel of RTS; default/m)
    assert.match(seen.completion, `'add console:--sample') printf '%s\\n' 'on' 'off' ;;`)
    const consoleOf = ({ properties }: JsonSchema) => properties.consoles?.items?.properties.sample?.enum
    assert.equal(consoleOf(seen.schemas.fleet.properties.devices.items), ['on', 'off'])
    assert.equal(consoleOf(seen.schemas.device), ['on', 'off'])
    assert.is(seen.schemas.oobm.properties.interfaces.items.properties.extent.minimum, 576)

    await node('packaging/write-docs.ts')
    assert.match(
      await readFile(join(tree, 'docs/fleet.example.toml'), 'utf8'),
      /^sample = "on" +# level of RTS \("on" or "off"; default "on"\)$/m,
    )
    assert.match(
      await readFile(join(tree, 'docs/provisioning.md'), 'utf8'),
      /^# extent = 1400 +# largest packet \(bytes\)$/m,
    )

    const { publicKey } = await makeKey(tree, 'relay')
    const fleet = join(tree, 'fleet.toml')
    await writeFile(
      fleet,
      `version = 1\n[[relays]]\nname = "fra"\nhost = "fra.example"\nuser = "u"\nhost_keys = ["${publicKey}"]\n`,
    )
    const relay = (...args: string[]) => node('relay-config/main.ts', ...args)
    await relay('add', 'device', 'tokyo', '--console', 'sw1', '--path', '/dev/ttyS0', '--sample', 'off')
    await writeFile(join(tree, 'site.toml'), '[[interfaces]]\nname = "eth0"\nextent = 1400\n')
    await relay('keys', 'tokyo')
    await relay('issue', 'tokyo', '--with', 'site.toml')
    const root = join(tree, 'root')
    await mkdir(root)
    await node('device/main.ts', 'import', 'secrets/tokyo/oobm.toml', '--root', root)
    const device = (path: string) => readFile(join(root, 'etc/oobm', path), 'utf8')
    assert.match(await device('device.toml'), /^sample = "off"$/m)
    assert.match(await device('secrets/system.toml'), /^extent = 1400$/m)
  },
  { timeoutMs: 400_000 },
)

interface JsonSchema {
  properties: Record<string, JsonSchema>
  items?: JsonSchema
  enum?: unknown[]
}

async function insert(file: string, before: string, line: string): Promise<void> {
  const text = await readFile(file, 'utf8')
  assert.is(text.split(before).length, 2, `${before} in ${file}`)
  await writeFile(file, text.replace(before, `${line}${before}`))
}

test.run()
