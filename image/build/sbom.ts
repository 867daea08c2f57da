/** What is on an image, as SPDX 2.3 (spdx.github.io/spdx-spec/v2.3): one entry for each Debian package, from dpkg's list. */
import { createHash } from 'node:crypto'
import type { InstalledPackage } from './dpkg-status.ts'

export interface SbomSubject {
  name: string
  version: string
  /** SHA-256 of the image, not compressed. */
  sha256: string
  /** Seconds: the time of the source, so that two builds say the same. */
  epochS: number
  suite: string
}

export function spdxDocument(subject: SbomSubject, packages: InstalledPackage[]): object {
  const image = {
    SPDXID: 'SPDXRef-Image',
    name: subject.name,
    versionInfo: subject.version,
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    primaryPackagePurpose: 'OPERATING_SYSTEM',
    checksums: [{ algorithm: 'SHA256', checksumValue: subject.sha256 }],
  }
  const parts = packages.map(one => describe(one, subject.suite))
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: subject.name,
    // Any URI that no other document has; nothing has to be there.
    documentNamespace: `urn:uuid:${uuidOf(subject.sha256)}`,
    creationInfo: {
      created: new Date(subject.epochS * 1000).toISOString().replace('.000', ''),
      creators: [`Tool: oobm-image-${subject.version}`],
    },
    packages: [image, ...parts],
    relationships: [
      relation('SPDXRef-DOCUMENT', 'DESCRIBES', image.SPDXID),
      ...parts.map(({ SPDXID }) => relation(image.SPDXID, 'CONTAINS', SPDXID)),
    ],
  }
}

function describe(one: InstalledPackage, suite: string) {
  const version = encodeURIComponent(one.version)
  // A package of our own is in no archive.
  const isDebian = !one.name.startsWith('oobm-')
  const purl = `pkg:deb/${isDebian ? 'debian' : 'oobm'}/${encodeURIComponent(one.name)}@${version}?arch=${one.arch}${isDebian ? `&distro=${suite}` : ''}`
  return {
    SPDXID: `SPDXRef-${one.name.replaceAll(/[^A-Za-z0-9.-]/g, '-')}-${one.arch}`,
    name: one.name,
    versionInfo: one.version,
    supplier: supplierOf(one.maintainer),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    sourceInfo: `built from ${one.source} ${one.sourceVersion}; licences in /usr/share/doc/${one.name}/copyright`,
    ...(one.homepage === undefined ? {} : { homepage: one.homepage }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  }
}

/** `Name <mail>` is `Organization: Name (mail)` there. */
function supplierOf(maintainer: string): string {
  const [, name, mail] = /^(.*?) *<(.*)>$/.exec(maintainer) ?? []
  return name === undefined ? 'NOASSERTION' : `Organization: ${name} (${mail})`
}

function relation(spdxElementId: string, relationshipType: string, relatedSpdxElement: string) {
  return { spdxElementId, relationshipType, relatedSpdxElement }
}

/** A name-based UUID (RFC 9562, 5.8): the same image, the same document. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(`oobm sbom ${text}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
