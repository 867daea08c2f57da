/** The packages of a tree, from dpkg's own list of them (deb-control(5)). */

export interface InstalledPackage {
  name: string
  version: string
  arch: string
  /** The source package, where it has another name. */
  source: string
  sourceVersion: string
  maintainer: string
  homepage: string | undefined
}

/** @param status the text of /var/lib/dpkg/status */
export function installedPackages(status: string): InstalledPackage[] {
  return status
    .split(/\n\n+/)
    .map(fieldsOf)
    .filter(fields => fields.get('Status')?.endsWith(' installed'))
    .map(fields => {
      const name = fields.get('Package') ?? ''
      const version = fields.get('Version') ?? ''
      const [, source = name, sourceVersion = version] = /^(\S+)(?: \((.*)\))?$/.exec(fields.get('Source') ?? '') ?? []
      const arch = fields.get('Architecture') ?? ''
      const maintainer = fields.get('Maintainer') ?? ''
      return { name, version, arch, source, sourceVersion, maintainer, homepage: fields.get('Homepage') }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Continued lines are left out: no field that is read here has any. */
function fieldsOf(paragraph: string): Map<string, string> {
  const fields = new Map<string, string>()
  for (const line of paragraph.split('\n')) {
    const [, name, value] = /^([A-Za-z-]+): *(.*)$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, value)
  }
  return fields
}
