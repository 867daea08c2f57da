/** The Debian packages that an upgrade brings: what they are, which of them a device gets, and which it must not get; pure. */

export interface Package {
  /** Where the operator typed it. */
  path: string
  name: string
  version: string
  /** Debian's name: `arm64`, `armhf`, `all`. */
  architecture: string
  bytes: number
  /** Hexadecimal; the file's name on the device. */
  sha256: string
}

/** What an installed package of ours is called. */
export const OURS = 'oobm-device'

/** What all devices would refuse. @param isAnyAllowed packages of others, too */
export function problemOf(packages: readonly Package[], isAnyAllowed: boolean): string | undefined {
  for (const [index, { path, name, architecture }] of packages.entries()) {
    if (name === 'oobm-relay') return `${path} is the relay's package, ${name}: devices have ${OURS}`
    if (name !== OURS && !isAnyAllowed)
      return `${path} is the package ${name}, and not ${OURS}: --any-package installs it all the same`
    const twin = packages.slice(0, index).find(other => other.name === name && other.architecture === architecture)
    if (twin) return `${twin.path} and ${path} are both ${name} for ${architecture}`
  }
  return undefined
}

/** The files for a device, or why there is one too few. */
export function packagesFor(packages: readonly Package[], architecture: string): readonly Package[] | string {
  const fit = packages.filter(one => one.architecture === architecture || one.architecture === 'all')
  const missing = packages.find(({ name }) => !fit.some(one => one.name === name))
  if (missing === undefined) return fit
  const given = packages.filter(({ name }) => name === missing.name).map(one => one.architecture)
  return `it is ${architecture}, and ${missing.name} is given for ${given.join(' and ')} only`
}
