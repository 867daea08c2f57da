import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { listingPage } from './listing.ts'

const test = suite('page of a folder')

test('shows names, sizes and times, and obeys no name', () => {
  const page = listingPage('images', [
    { name: '<script>&"', isFolder: false, size: 5, mtimeMs: 0 },
    { name: 'a b?#%\x1b', isFolder: true, size: 0, mtimeMs: 0 },
  ])
  assert.match(page, 'href="../"')
  assert.not.match(page, '<script>')
  assert.match(page, 'href="./%3Cscript%3E%26%22"')
  assert.match(page, 'href="./a%20b%3F%23%25%1B/">a b?#%?/<')
  assert.match(page, '>5<td>1970-01-01 00:00')
})

test('has no way up at the root, and a bound', () => {
  const many = Array.from({ length: 20_001 }, (_, at) => ({ name: `f${at}`, isFolder: false, size: 1, mtimeMs: 0 }))
  const page = listingPage('', many)
  assert.not.match(page, '../')
  assert.match(page, '1 more are not shown')
})

test.run()
