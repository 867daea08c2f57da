/** The script that puts one relay's keys and words into the login it is run in, all in one text; POSIX sh. */
import type { RelayScripts } from '../device-word.ts'
import type { Relay } from '../fleet-config.ts'

/** Ends the texts within the script; no rendered line is equal to it. */
const HERE_END = 'END_OF_OOBM_FILE'

/**
 * @param authorizedKeys the lines that {@link renderAuthorizedKeys} gives
 * @param scripts what is in words/
 */
export function renderInstallScript(relay: Relay, authorizedKeys: string, scripts: RelayScripts): string {
  const { name, host, port, user, directory } = relay
  const ssh = `ssh -p ${port} ${user}@${host}`
  return `#!/bin/sh
# Installs the keys and words of relay "${name}" for the login it is run in, and nothing outside of it:
#   ${ssh} sh -s < install
# and takes them away again:
#   ${ssh} sh -s -- --remove < install
set -eu
umask 077
DIRECTORY=${directory}
# The folder is in the marks: another fleet on this login has another folder and another block.
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

device_word() {
  cat <<'${HERE_END}'
${scripts.deviceWord}${HERE_END}
}

technician_word() {
  cat <<'${HERE_END}'
${scripts.technicianWord}${HERE_END}
}

# Everything in the file but our block.
others() {
  [ ! -f "$keys" ] || awk -v begin="$BEGIN" -v end="$END" '
    $0 == begin { if (inside) exit 1; inside = 1; next }
    $0 == end { if (!inside) exit 1; inside = 0; next }
    !inside
    END { if (inside) exit 1 }
  ' "$keys" || fail "the block \\"$BEGIN\\" in $keys is damaged: mend or delete it by hand"
}

# sshd takes the first line that has the key: one that stands outside of our block would undo the restrictions.
refuse_loose_keys() {
  loose=$({ authorized_keys; echo; others; } | awk '
    /^$/ && !outside { outside = 1; next }
    /^[ \\t]*#/ { next }
    {
      for (i = 1; i < NF; i++) if ($i ~ /^(ssh-|ecdsa-)/ && $(i + 1) ~ /^AAAA/) {
        if (!outside) ours[$(i + 1)] = $NF
        else if ($(i + 1) in ours) print ours[$(i + 1)]
      }
    }
  ')
  [ -z "$loose" ] || fail "$keys has these keys also outside of our block, where nothing restricts them: $loose"
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
  content=$(others; echo "$BEGIN"; authorized_keys; echo "$END")
  refuse_loose_keys
  # The words first: no key ever stands there without what it runs.
  mkdir -p "$DIRECTORY"
  device_word | replace "$DIRECTORY/oobm-device-word" 755
  technician_word | replace "$DIRECTORY/oobm-technician-word" 755
  mkdir -p "\${keys%/*}"
  printf '%s\\n' "$content" | replace "$keys" 600
  echo "installed: $(authorized_keys | wc -l) keys in $keys, the words of devices and technicians in $DIRECTORY"
}

remove_all() {
  content=$(others)
  if [ -n "$content" ]; then
    printf '%s\\n' "$content" | replace "$keys" 600
  else
    rm -f "$keys"
  fi
  rm -rf "$DIRECTORY/oobm-device-word" "$DIRECTORY/oobm-technician-word" "$DIRECTORY/state"
  rmdir "$DIRECTORY" 2>/dev/null || :
  echo "removed: our keys from $keys, and $DIRECTORY"
}

# A function that the last line calls: half a script does nothing.
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
