/** Why sshd refuses a login by key: from what root sees on the relay; or, from elsewhere, the possible causes, the most likely first. */

/** What root sees on the relay about a login that is refused. */
export interface LoginFacts {
  user: string
  /** Undefined for a missing account. */
  account?: { shell: string; isShellThere: boolean; groups: string[] } | undefined
  /** The field of shadow(5) begins with `!` or `*LK*`. */
  isLocked: boolean
  isExpired: boolean
  /** Whether nologin(5) keeps out everybody but root. */
  isClosed: boolean
  /** sshd's settings for this login, as `sshd -T` prints them: names in lower case. */
  settings: ReadonlyMap<string, string>
  /** The files in which sshd looks for keys, each with what is wrong; undefined if sshd reads the key there. */
  keyFiles: { path: string; problem: string | undefined }[]
  /** The file into which `install` puts keys, and whether it has this one. */
  installed: string
  isInstalled: boolean
}

/**
 * @param install the command that installs keys
 * @returns each cause with its remedy, in sshd's order; none if nothing visible forbids the login
 */
export function causesOf(facts: LoginFacts, install: string): string[] {
  const { user, account, isLocked, isExpired, isClosed, settings } = facts
  const set = (name: string) => settings.get(name) ?? ''
  if (account === undefined) return [`the relay has no account ${user}: set user to the one that it has`]
  const isListed = (name: string, names: string[]) =>
    names.some(one =>
      set(name)
        .split(' ')
        .some(pattern => fits(pattern, one)),
    )
  const causes: (string | false)[] = [
    isListed('denyusers', [user]) && `DenyUsers in sshd_config names ${user}: remove it`,
    set('allowusers') !== '' && !isListed('allowusers', [user]) && `AllowUsers in sshd_config lacks ${user}: add it`,
    isListed('denygroups', account.groups) && `DenyGroups in sshd_config names a group of ${user}: remove it`,
    set('allowgroups') !== '' &&
      !isListed('allowgroups', account.groups) &&
      `AllowGroups in sshd_config names no group of ${user}: add one`,
    user === 'root' && set('permitrootlogin') === 'no' && 'PermitRootLogin is "no": set "prohibit-password"',
    !account.isShellThere && `the shell of ${user}, ${account.shell}, is missing: "usermod -s /bin/sh ${user}"`,
    isLocked &&
      set('usepam') === 'no' &&
      `the account ${user} is locked, and UsePAM is "no": "usermod -p '*' ${user}" unlocks it without a password`,
    isExpired && `the account ${user} has expired: "chage -E -1 ${user}"`,
    isClosed && user !== 'root' && 'the file /etc/nologin keeps everybody out: remove it',
    set('pubkeyauthentication') === 'no' && 'PubkeyAuthentication is "no": set "yes"',
    !acceptsKeyAlone(set('authenticationmethods')) &&
      `AuthenticationMethods is "${set('authenticationmethods')}": a device has only a key, so set "publickey" for ${user}`,
    keyCause(facts, install),
  ]
  return causes.filter(cause => cause !== false)
}

/** @param isKeyKnown whether sshd accepted the key before it refused the login */
export function likelyCauses(user: string, isKeyKnown: boolean): string[] {
  const account = [
    `the account ${user} has expired ("chage -l ${user}"), or /etc/nologin exists`,
    'PAM refuses it (pam_access, pam_listfile in /etc/pam.d/sshd)',
  ]
  if (isKeyKnown) return ['sshd knows the key and refuses the login', ...account]
  return [
    'no file that sshd reads has the key: "sshd -T | grep -i authorizedkeysfile" names these files',
    'sshd ignores the file because others may write to it, to ~/.ssh or to the home (StrictModes)',
    `AllowUsers, DenyUsers, AllowGroups or DenyGroups in sshd_config exclude ${user}`,
    `the shell of ${user} is missing, or the account is locked and UsePAM is "no"`,
    ...account,
  ]
}

/** Why a login runs no forced command: a shell that runs nothing, a password that must be changed. */
export function shellCause(user: string, code: number | undefined, said: string): string | undefined {
  // sshd's exit code for nologin(5), whose text it prints.
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
  return `AuthorizedKeysFile is "${value}", but the keys are in ${installed}: add .ssh/authorized_keys to it for this login`
}

function acceptsKeyAlone(methods: string): boolean {
  return methods === '' || methods === 'any' || methods.split(' ').includes('publickey')
}

/** PATTERNS of ssh_config(5) for the name; a host after it is ignored. */
function fits(pattern: string, name: string): boolean {
  const [user = ''] = pattern.split('@')
  const source = user
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`).test(name)
}
