#!/bin/sh
# For scripts that try a package on a whole Debian under its own systemd: makes one, boots it as a container without a
# network, and runs steps in it. To be sourced, as root; the script has `set -eu`.
# shellcheck disable=SC2034 # its variables are for who sources it

work=$(mktemp -d "${TMPDIR:-/tmp}/oobm-booted-XXXXXX")
root=$work/root
machine=oobm-$$
nspawn=
trap 'power_off; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

fail() { # MESSAGE
  echo "${0##*/}: $1" >&2
  exit 1
}

# A small Debian in $root, of the mirror that this machine uses. Its name and its name servers are not this machine's.
make_tree() { # SUITE PACKAGE,...
  mmdebstrap --quiet --variant=minbase --include="$2" "$1" "$root"
  echo booted >"$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 booted\n' >"$root/etc/hosts"
  : >"$root/etc/resolv.conf"
}

leader() {
  [ -n "$nspawn" ] && tr -d ' ' 2>/dev/null <"/proc/$nspawn/task/$nspawn/children"
}

# Returns when its systemd has started everything.
boot() {
  systemd-nspawn -D "$root" --machine="$machine" --boot --register=no --keep-unit --private-network --console=pipe \
    </dev/null >"$work/console" 2>&1 &
  nspawn=$!
  tries=0
  until inside 'systemctl is-system-running --quiet --wait' 2>/dev/null; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || fail "it does not boot: $(cat "$work/console")"
    sleep 1
  done
}

# As a power cut does, as far as processes go.
power_off() {
  first=$(leader) || :
  [ -z "$first" ] || kill -KILL "$first"
  [ -z "$nspawn" ] || wait "$nspawn" || :
  nspawn=
  # It leaves this where /run is on a disk.
  rmdir "/run/systemd/nspawn/propagate/$machine" 2>/dev/null || :
}

inside() { # SCRIPT
  first=$(leader)
  nsenter --mount --pid --net --uts --ipc --root --target "${first:-none}" \
    env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd /root; set -eu; $1"
}

step() { # WHAT SCRIPT
  inside "$2" >"$work/said" 2>&1 || fail "$1: $(cat "$work/said")"
  echo "ok   $1"
}
