import { suite } from '../testbed/suite.ts'
import { killAccess } from './testing/killed.ts'

const test = suite('oobm-apply killed: access')

test('a document that changes who gets in leaves the old people or the new ones', killAccess, { timeoutMs: 280_000 })

test.run()
