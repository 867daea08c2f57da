import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { installedPackages } from './dpkg-status.ts'
import { osList } from './os-list.ts'
import { spdxDocument } from './sbom.ts'

const test = suite('listings')

const STATUS = `Package: libc6
Status: install ok installed
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: arm64
Source: glibc
Version: 2.41-12+deb13u1
Homepage: https://www.gnu.org/software/libc/libc.html
Description: GNU C Library: Shared libraries
 Version: of a continued line

Package: gone
Status: deinstall ok config-files
Architecture: arm64
Version: 1

Package: gcc-14-base
Status: install ok installed
Maintainer: nobody
Architecture: arm64
Source: gcc-14 (14.2.0-19)
Version: 14.2.0-19.1

Package: oobm-device
Status: install ok installed
Architecture: arm64
Version: 0.1.0
`
const SUBJECT = {
  name: 'oobm-pi3-0.1.0',
  version: '0.1.0',
  sha256: 'ab'.repeat(32),
  epochS: 1763769600,
  suite: 'trixie',
}

interface Spdx {
  packages: {
    SPDXID: string
    name: string
    supplier: string
    primaryPackagePurpose?: string
    sourceInfo?: string
    externalRefs?: { referenceLocator: string }[]
  }[]
  relationships: { relationshipType: string; relatedSpdxElement: string }[]
  creationInfo: { created: string }
}
const document = () => spdxDocument(SUBJECT, installedPackages(STATUS)) as Spdx

test('lists what is installed, in order, each with its source', () => {
  const packages = installedPackages(STATUS)
  assert.equal(
    packages.map(one => [one.name, one.version, one.source, one.sourceVersion]),
    [
      ['gcc-14-base', '14.2.0-19.1', 'gcc-14', '14.2.0-19'],
      ['libc6', '2.41-12+deb13u1', 'glibc', '2.41-12+deb13u1'],
      ['oobm-device', '0.1.0', 'oobm-device', '0.1.0'],
    ],
  )
})

test('names each package as an archive’s scanner does, and our own as nobody’s', () => {
  const locators = document().packages.flatMap(({ externalRefs = [] }) => externalRefs.map(one => one.referenceLocator))
  assert.equal(locators, [
    'pkg:deb/debian/gcc-14-base@14.2.0-19.1?arch=arm64&distro=trixie',
    'pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=arm64&distro=trixie',
    'pkg:deb/oobm/oobm-device@0.1.0?arch=arm64',
  ])
})

test('is an SPDX document: identifiers of their own, each contained, and the same for the same image', () => {
  const { packages, relationships, creationInfo } = document()
  const ids = packages.map(({ SPDXID }) => SPDXID)
  assert.is(new Set(ids).size, ids.length)
  for (const id of ids) assert.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/)
  const contained = relationships.filter(({ relationshipType }) => relationshipType === 'CONTAINS')
  assert.equal(
    contained.map(one => one.relatedSpdxElement),
    ids.slice(1),
  )
  // As its JSON schema spells it, and not its text.
  assert.is(packages[0]?.primaryPackagePurpose, 'OPERATING_SYSTEM')
  assert.is(creationInfo.created, '2025-11-22T00:00:00Z')
  assert.is(packages[2]?.supplier, 'Organization: GNU Libc Maintainers (debian-glibc@lists.debian.org)')
  assert.is(packages[1]?.supplier, 'NOASSERTION')
  assert.equal(document(), document())
})

test('has for Raspberry Pi Imager what it demands of an entry, and nothing to customize', () => {
  const imager = { name: 'Raspberry Pi 3', devices: ['pi3-64bit'], architecture: 'armv8' as const }
  const listed = { url: 'https://example.net/x.img.xz', version: '0.1.0', imager, epochS: SUBJECT.epochS }
  const list = osList({ ...listed, extractSize: 7, downloadSize: 3, extractSha256: SUBJECT.sha256 }) as {
    os_list: Record<string, unknown>[]
  }
  const [entry = {}] = list.os_list
  // Its schema's "required", and the name without which it offers to set a user.
  for (const key of 'name description icon url extract_size extract_sha256 image_download_size release_date devices'.split(
    ' ',
  )) {
    assert.ok(entry[key] !== undefined && entry[key] !== '', key)
  }
  assert.is(entry.init_format, 'none')
  assert.is(entry.release_date, '2025-11-22')
  assert.equal([entry.extract_size, entry.image_download_size], [7, 3])
})

test.run()
