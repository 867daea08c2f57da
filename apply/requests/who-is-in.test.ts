import * as assert from 'uvu/assert'
import { suite } from '../../testbed/suite.ts'
import { changingProgram, loggedIn, type Process } from './who-is-in.ts'

const test = suite('who is in')

const process = (change: Partial<Process>): Process => ({
  ...{ pid: 100, parent: 1, name: 'sshd', uid: 0, title: '' },
  ...change,
})
const titled = (title: string, uid = 0) => process({ title, uid })

test('knows logins by what sshd calls its processes, in its old and its new form', () => {
  const rows: [title: string, who: string[]][] = [
    ['sshd: alice [priv]', ['alice by ssh']],
    ['sshd-session: alice [priv]', ['alice by ssh']],
    ['sshd: root@pts/0', ['root by ssh']],
    ['sshd-session: root@notty', ['root by ssh']],
    ['sshd: oobm-selftest [priv]', []],
    ['sshd: unknown [priv]', []],
    ['sshd: [accepted]', []],
    ['sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups', []],
    ['/usr/sbin/sshd -D', []],
  ]
  for (const [title, who] of rows) assert.equal(loggedIn([titled(title)], 'oobm-selftest'), who, title)
})

test('believes nobody but root, and names each person once', () => {
  assert.equal(loggedIn([titled('sshd: bob [priv]', 1001)], 'x'), [])
  assert.equal(loggedIn([titled('sshd: bob [priv]'), titled('sshd: bob [priv]')], 'x'), ['bob by ssh'])
})

test('counts a login on a terminal of the board once somebody is in', () => {
  const login = process({ pid: 7, name: 'login', title: '/bin/login -p --' })
  assert.equal(loggedIn([login], 'x'), [])
  assert.equal(loggedIn([login, process({ pid: 8, parent: 7, name: 'bash', uid: 1000 })], 'x'), [
    'on a terminal of the board',
  ])
})

test('names what changes the system, if it is root’s', () => {
  assert.is(changingProgram([process({ name: 'dpkg' })]), 'dpkg')
  assert.is(changingProgram([process({ name: 'dpkg', uid: 1000 })]), undefined)
  assert.is(changingProgram([process({ name: 'node' })]), undefined)
})

test.run()
