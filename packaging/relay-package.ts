/** What is in `oobm-relay`. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { FLEET_JSON_SCHEMA, schemaLine } from '../relay-config/fleet/edit/first-fleet.ts'
import { PROGRAM } from '../relay-config/operator/commands/all-commands.ts'
import { bashCompletion } from './completion.ts'
import { copyright } from './copyright.ts'
import { fieldPages } from './field-pages/field-pages.ts'
import { jsonSchemas } from './json-schemas.ts'
import { manPage } from './man-page.ts'
import { dashboardJson } from './monitoring/dashboard.ts'
import { relaySchemas, schemaFiles } from './output-schemas.ts'
import { type Package, packed, source } from './pack-deb.ts'

const NAME = 'oobm-relay'
const FORCED_COMMANDS = ['oobm-device-command', 'oobm-enrol-command', 'oobm-login', 'oobm-technician-command']
const UNITS = ['oobm-relay-metrics.service', 'oobm-relay-events.service']
/** Earlier names, which a relay's authorized_keys and sshd_config have until the next `apply`: without them, an upgrade would lock out all. */
const EARLIER_NAMES = { 'oobm-device-word': 'oobm-device-command', 'oobm-technician-word': 'oobm-technician-command' }

/**
 * @param build where the programs were bundled
 * @param changelog deb-changelog(5) of a package
 */
export function relayPackage(build: string, date: Date, changelog: (name: string) => string): Package {
  return {
    name: NAME,
    architecture: 'all',
    debian: 'packaging/debian',
    fill: ({ put, link }) => {
      const schemas = jsonSchemas()
      const bundle = readFileSync(join(build, 'lib', `${NAME}.cjs`), 'utf8')
      put(`usr/lib/${NAME}/${NAME}.cjs`, bundle)
      // What the keys of devices and technicians run on a dedicated relay; the program reads the same beside itself.
      for (const name of FORCED_COMMANDS)
        put(`usr/lib/oobm/${name}`, source(`relay-config/relay/forced-commands/${name}`), 0o755)
      for (const [earlier, name] of Object.entries(EARLIER_NAMES)) link(`usr/lib/oobm/${earlier}`, name)
      link(`usr/lib/${NAME}/forced-commands`, '../oobm')
      for (const unit of UNITS) put(`usr/lib/systemd/system/${unit}`, source(`packaging/debian/units/${unit}`))
      put(`usr/share/${NAME}/prometheus/oobm.rules.yml`, source('packaging/monitoring/oobm.rules.yml'))
      put(`usr/share/${NAME}/grafana/oobm.json`, dashboardJson())
      for (const [file, text] of schemaFiles(relaySchemas())) put(`usr/share/${NAME}/json/${file}`, text)
      put(`usr/bin/${NAME}`, source('packaging/debian/oobm-relay'), 0o755)
      put('usr/lib/nagios/plugins/check_oobm', source('packaging/debian/check_oobm'), 0o755)
      put(`usr/share/man/man1/${NAME}.1.gz`, packed(manPage(source('man/oobm-relay.1'), PROGRAM, date)))
      put(`usr/share/bash-completion/completions/${NAME}`, bashCompletion(source('completion/command.bash'), PROGRAM))
      const doc = `usr/share/doc/${NAME}`
      put(`${doc}/copyright`, copyright(source('packaging/debian/copyright'), source('LICENSE'), bundle))
      put(`${doc}/changelog.gz`, packed(changelog(NAME)))
      for (const name of Object.keys(fieldPages()))
        put(`${doc}/field/${name}.pdf`, readFileSync(join(import.meta.dirname, `../docs/field/${name}.pdf`)))
      for (const page of ['relay', 'monitoring']) put(`${doc}/${page}.md.gz`, packed(source(`docs/${page}.md`)))
      put(`${doc}/examples/events.example.toml`, source('docs/events.example.toml'))
      put(FLEET_JSON_SCHEMA.slice(1), schemas.fleet)
      put('usr/share/oobm-relay/oobm.schema.json', schemas.oobm)
      put(`${doc}/examples/fleet.example.toml`, schemaLine(FLEET_JSON_SCHEMA) + source('docs/fleet.example.toml'))
    },
  }
}
