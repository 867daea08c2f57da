/** Why sshd refuses a login by key: from what root sees on the relay, or, from afar, the likely causes in their order. */

/** What root can see on the relay of a login that is refused. */
export interface LoginFacts {
  user: string
  /** Undefined for an account that is not there. */
  account?: { shell: string; isShellThere: boolean; groups: string[] } | undefined
  /** The field of shadow(5) begins with `!` or `*LK*`. */
  isLocked: boolean
  isExpired: boolean
  /** nologin(5), which keeps everybody but root out. */
  isClosed: boolean
  /** sshd's settings for this login, as `sshd -T` prints them: names in lower case. */
  settings: ReadonlyMap<string, string>
  /** Where sshd looks for keys, each with what is wrong there; undefined where the key stands and is read. */
  keyFiles: { path: string; problem: string | undefined }[]
  /** Where `install` puts them, and whether this one stands there. */
  installed: string
  isInstalled: boolean
}

/**
 * @param install what brings a key to where it should stand
 * @returns each cause with its remedy, the first that sshd comes to first; none where nothing that is seen forbids it
 */
export function causesOf(facts: LoginFacts, install: string): string[] {
  const { user, account, isLocked, isExpired, isClosed, settings } = facts
  const set = (name: string) => settings.get(name) ?? ''
  if (account === undefined) return [`there is no account ${user} on the relay: name the one that is there as user`]
  const isListed = (name: string, names: string[]) =>
    names.some(one =>
      set(name)
        .split(' ')
        .some(pattern => fits(pattern, one)),
    )
  const causes: (string | false)[] = [
    isListed('denyusers', [user]) && `DenyUsers in sshd_config names ${user}: take it out`,
    set('allowusers') !== '' && !isListed('allowusers', [user]) && `AllowUsers in sshd_config lacks ${user}: add it`,
    isListed('denygroups', account.groups) && `DenyGroups in sshd_config names a group of ${user}: take it out`,
    set('allowgroups') !== '' &&
      !isListed('allowgroups', account.groups) &&
      `AllowGroups in sshd_config names no group of ${user}: add one`,
    user === 'root' && set('permitrootlogin') === 'no' && 'PermitRootLogin is "no": set "prohibit-password"',
    !account.isShellThere && `the shell of ${user}, ${account.shell}, is not there: "usermod -s /bin/sh ${user}"`,
    isLocked &&
      set('usepam') === 'no' &&
      `the account ${user} is locked, and UsePAM is "no": "usermod -p '*' ${user}" unlocks it without a password`,
    isExpired && `the account ${user} has expired: "chage -E -1 ${user}"`,
    isClosed && user !== 'root' && 'the file /etc/nologin keeps everybody out: remove it',
    set('pubkeyauthentication') === 'no' && 'PubkeyAuthentication is "no": set "yes"',
    !acceptsKeyAlone(set('authenticationmethods')) &&
      `AuthenticationMethods is "${set('authenticationmethods')}": a device has a key alone, set "publickey" for ${user}`,
    keyCause(facts, install),
  ]
  return causes.filter(cause => cause !== false)
}

/** @param isKeyKnown whether sshd said that it would take the key, before it refused */
export function likelyCauses(user: string, isKeyKnown: boolean): string[] {
  const account = [
    `the account ${user} has expired ("chage -l ${user}"), or /etc/nologin is there`,
    'PAM refuses it (pam_access, pam_listfile in /etc/pam.d/sshd)',
  ]
  if (isKeyKnown) return ['sshd knows the key and refuses the login', ...account]
  return [
    'the key stands in no file that sshd reads: "sshd -T | grep -i authorizedkeysfile" says which those are',
    'sshd ignores that file, because it, ~/.ssh or the home is writable for others (StrictModes)',
    `AllowUsers, DenyUsers, AllowGroups or DenyGroups in sshd_config keep ${user} out`,
    `the shell of ${user} is not there, or the account is locked and UsePAM is "no"`,
    ...account,
  ]
}

/** What the login said instead of running the words: a shell that is none, a password that must be changed. */
export function shellCause(user: string, code: number | undefined, said: string): string | undefined {
  // sshd's own code for nologin(5), whose text it shows.
  if (code === 254) return 'the file /etc/nologin keeps everybody but root out: remove it'
  if (/account is currently not available/i.test(said) || (code === 1 && said.trim() === '')) {
    return `the shell of ${user} runs nothing (nologin, false): "usermod -s /bin/sh ${user}"`
  }
  if (/password (change required|has expired)|required to change your password/i.test(said)) {
    return `the password of ${user} has expired: "chage -M -1 -d 1 ${user}"`
  }
  return undefined
}

function keyCause({ keyFiles, installed, isInstalled, settings }: LoginFacts, install: string): string | false {
  if (keyFiles.some(({ problem }) => problem === undefined)) return false
  const there = keyFiles.find(({ path }) => path === installed)
  if (isInstalled && there !== undefined) return `${there.path} ${there.problem}`
  const value = settings.get('authorizedkeysfile') ?? 'none'
  const read = keyFiles.map(({ path, problem }) => `${path} ${problem}`).join(', ')
  if (!isInstalled) return `${install}: ${read || 'AuthorizedKeysFile is "none"'}`
  return `AuthorizedKeysFile is "${value}", and the keys are in ${installed}: add .ssh/authorized_keys to it for this login`
}

function acceptsKeyAlone(methods: string): boolean {
  return methods === '' || methods === 'any' || methods.split(' ').includes('publickey')
}

/** PATTERNS of ssh_config(5), for the name; where a host follows it, for the name alone. */
function fits(pattern: string, name: string): boolean {
  const [user = ''] = pattern.split('@')
  const source = user
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}
