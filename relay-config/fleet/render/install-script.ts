/** The script that installs a relay's keys and forced commands in the login that runs it, all in one text; POSIX sh. */
import type { Relay } from '../fleet-config.ts'

/** The scripts that the keys of devices and technicians run on a relay, as text. */
export interface RelayScripts {
  deviceCommand: string
  technicianCommand: string
  enrolCommand: string
}

/** Ends the texts within the script; no rendered line is equal to it. */
const HERE_END = 'END_OF_OOBM_FILE'

/**
 * @param authorizedKeys the lines that {@link renderAuthorizedKeys} gives
 * @param owners names of technicians who may have the login itself
 */
export function renderInstallScript(
  relay: Relay,
  authorizedKeys: string,
  scripts: RelayScripts,
  owners: readonly string[] = [],
): string {
  const { name, host, port, user, directory } = relay
  const ssh = `ssh -p ${port} ${user}@${host}`
  return `#!/bin/sh
# Installs the keys and forced commands of relay "${name}" in the login that runs it, and nothing outside of it:
#   ${ssh} sh -s < install
# and removes them:
#   ${ssh} sh -s -- --remove < install
set -eu
umask 077
DIRECTORY=${directory}
# Technicians who may have the login itself.
OWNERS="${owners.map(owner => `oobm-technician:${owner}`).join(' ')}"
# The folder is part of the marks: another fleet in this login has another folder and another block.
BEGIN="# BEGIN oobm $DIRECTORY (made by oobm-relay render; what you write in here is lost)"
END="# END oobm $DIRECTORY"

fail() {
  echo "oobm: $*; nothing was changed" >&2
  exit 1
}

authorized_keys() {
  cat <<'${HERE_END}'
${authorizedKeys}${HERE_END}
}

device_command() {
  cat <<'${HERE_END}'
${scripts.deviceCommand}${HERE_END}
}

technician_command() {
  cat <<'${HERE_END}'
${scripts.technicianCommand}${HERE_END}
}

enrol_command() {
  cat <<'${HERE_END}'
${scripts.enrolCommand}${HERE_END}
}

# Everything in the file but our block.
others() {
  [ ! -f "$keys" ] || awk -v begin="$BEGIN" -v end="$END" '
    $0 == begin { if (inside) exit 1; inside = 1; next }
    $0 == end { if (!inside) exit 1; inside = 0; next }
    !inside
    END { if (inside) exit 1 }
  ' "$keys" || fail "the block \\"$BEGIN\\" in $keys is damaged: repair or delete it by hand"
}

# Our keys that the rest of the file has too, each with its name.
loose() {
  { authorized_keys; echo; others; } | awk '
    /^$/ && !outside { outside = 1; next }
    /^[ \\t]*#/ { next }
    {
      for (i = 1; i < NF; i++) if ($i ~ /^(ssh-|ecdsa-)/ && $(i + 1) ~ /^AAAA/) {
        if (!outside) ours[$(i + 1)] = $NF
        else if ($(i + 1) in ours) print $(i + 1), ours[$(i + 1)]
      }
    }
  '
}

# sshd takes the first line that has the key: one outside of our block would undo the restrictions. An owner may have this
# login without restrictions: their own line then stays the only one, so that ours does not lock them out.
refuse_loose_keys() {
  strangers=$(loose | awk -v owners=" $OWNERS " 'index(owners, " " $2 " ") == 0 { print $2 }')
  case $strangers in
    '') return ;;
    *oobm-technician:*)
      echo 'oobm: if this login is their own, set relay_role = "owner" in the fleet file, render and install again;' >&2
      echo 'oobm: anybody else needs another key' >&2
      ;;
  esac
  fail "$keys also has these keys outside of our block, where nothing restricts them: $strangers"
}

keys_of_ours() {
  { loose; echo; authorized_keys; } | awk '
    /^$/ && !listed { listed = 1; next }
    !listed { open[$1]; next }
    { for (i = 1; i <= NF; i++) if ($i in open) next; print }
  '
}

# Writes beside, syncs, renames. A new name each time: another login may write in the folder that a link leads to.
replace() { # FILE MODE, content from standard input
  new=$(mktemp "$1.oobm-XXXXXX")
  if ! { cat >"$new" && chmod "$2" "$new" && { sync "$new" 2>/dev/null || :; } && mv -f "$new" "$1"; }; then
    rm -f "$new"
    exit 1
  fi
}

install_all() {
  refuse_loose_keys
  content=$(others; echo "$BEGIN"; keys_of_ours; echo "$END")
  loose | awk '{ print "unchanged: " $2 " has this login without restrictions, by a line outside of our block" }'
  count=$(keys_of_ours | wc -l)
  # The forced commands first: no key is ever there without what it runs. Files with their earlier names stay, because
  # connections that are open may still run them.
  mkdir -p "$DIRECTORY"
  device_command | replace "$DIRECTORY/oobm-device-command" 755
  technician_command | replace "$DIRECTORY/oobm-technician-command" 755
  enrol_command | replace "$DIRECTORY/oobm-enrol-command" 755
  mkdir -p "\${keys%/*}"
  printf '%s\\n' "$content" | replace "$keys" 600
  echo "installed: $((count)) keys in $keys, and the forced commands in $DIRECTORY"
}

remove_all() {
  content=$(others)
  if [ -n "$content" ]; then
    printf '%s\\n' "$content" | replace "$keys" 600
  else
    rm -f "$keys"
  fi
  for name in device technician enrol; do
    rm -f "$DIRECTORY/oobm-$name-command" "$DIRECTORY/oobm-$name-word"
  done
  rm -rf "$DIRECTORY/state" "$DIRECTORY/settings" "$DIRECTORY/enrolments"
  rmdir "$DIRECTORY" 2>/dev/null || :
  echo "removed: our keys from $keys, and $DIRECTORY"
}

# The last line calls this function: half a script does nothing.
main() {
  cd "$HOME"
  keys=$HOME/.ssh/authorized_keys
  # A link stays a link.
  if [ -L "$keys" ]; then keys=$(readlink -f "$keys"); fi
  case "\${1-}" in
    '') install_all ;;
    --remove) remove_all ;;
    *) fail "usage: install [--remove]" ;;
  esac
}
main "$@"
`
}
