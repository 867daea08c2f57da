/** The shell scripts that an upgrade runs on a device, as the administrator that the operator logs in as. */

/** A line that begins so is for the program; anything else is for people. */
export const MARK = 'oobm: '

/** Where the files wait: on the partition that a restart keeps. Each is named by its SHA-256, so that a rest of another is never continued. */
export const FOLDER = '.oobm-upgrade'

const COMMON = `set -u
umask 077
folder=$HOME/${FOLDER}
say() { printf '${MARK}%s\\n' "$*"; }
`

/** Arguments: the names of packages. */
export const STATE_SCRIPT = `${COMMON}
mkdir -p "$folder" || exit 1
find "$folder" -type f -mtime +14 -exec rm -f {} + 2>/dev/null
say boot "$(cat /proc/sys/kernel/random/boot_id)"
say architecture "$(dpkg --print-architecture)"
say free_kib "$(df --output=avail -k "$folder" | tail -n 1)"
for file in "$folder"/*.deb; do
  if [ -f "$file" ]; then say file "$(basename "$file" .deb)" "$(stat -c %s "$file")"; fi
done
for package in "$@"; do
  dpkg-query --show --showformat='${MARK}package \${Package} \${Version} \${db:Status-Status}\\n' "$package" 2>/dev/null
done
state=$(sudo -n oobm upgrade --state </dev/null 2>&1)
say code $?
printf '%s\\n' "$state" | sed 's/^/${MARK}state /'
exit 0
`

/** Arguments: the SHA-256 of each file. sftp continues only what is there. */
export const TOUCH_SCRIPT = `${COMMON}
for sum in "$@"; do : >>"$folder/$sum.deb" || exit 1; done
`

const CHECK = `
for sum in "$@"; do
  if [ "$(sha256sum <"$folder/$sum.deb" | cut -c 1-64)" != "$sum" ]; then
    rm -f "$folder/$sum.deb"
    say damaged "$sum"
    exit 3
  fi
done
`

/** Arguments: the SHA-256 of each file. */
export const CHECK_SCRIPT = `${COMMON}${CHECK}`

/** Arguments: seconds to wait for people on consoles, or \`-\`; then the SHA-256 of each file. */
export function installScript(isDistribution: boolean): string {
  return `${COMMON}
idle=$1
shift
${CHECK}
for sum in "$@"; do set -- "$@" "$folder/$sum.deb"; shift; done
if [ "$idle" != - ]; then set -- --when-idle "$idle" -- "$@"; else set -- -- "$@"; fi
exec sudo -n oobm upgrade ${isDistribution ? '--distribution ' : ''}"$@" </dev/null
`
}

/** What is no longer needed after an upgrade. */
export const TIDY_SCRIPT = `${COMMON}
for sum in "$@"; do rm -f "$folder/$sum.deb"; done
`
