import * as assert from 'uvu/assert'
import { suite } from '../testbed/suite.ts'
import { debianChangelog } from './changelog.ts'

const test = suite('changelog of a package')
const AUTHORS = 'the authors <authors@example.net>'
const MARKDOWN = `# Changelog

What users can do.

## 1.1.0 (unreleased)

### Device
- Read one entry
  on two lines.
- Read an entry that is longer than the 74 characters that fit after an indentation.

### Console
- Send a BREAK.

## 1.0.0
- Begin.
`

test('has the groups and entries of its version, wrapped', () => {
  assert.is(
    debianChangelog(MARKDOWN, 'oobm', '1.1.0', AUTHORS, new Date(0)),
    `oobm (1.1.0) unstable; urgency=medium

  [ Device ]
  * Read one entry on two lines.
  * Read an entry that is longer than the 74 characters that fit after an
    indentation.

  [ Console ]
  * Send a BREAK.

 -- ${AUTHORS}  Thu, 01 Jan 1970 00:00:00 +0000
`,
  )
})

test('refuses a version that is not listed', () => {
  assert.throws(
    () => debianChangelog(MARKDOWN, 'oobm', '2.0.0', AUTHORS, new Date(0)),
    /CHANGELOG\.md has no "## 2\.0\.0"/,
  )
})

test.run()
