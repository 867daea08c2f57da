#!/bin/sh
# For scripts that try something on a whole Debian under its own systemd: makes one, boots it as a container without a
# network, and runs steps in it. To be sourced, as root; the script has `set -eu`.
# shellcheck disable=SC2034 # its variables are for who sources it

work=$(mktemp -d "${TMPDIR:-/tmp}/oobm-booted-XXXXXX")
root=$work/root
machine=oobm-$$
nspawn=
slirp=
trap 'power_off; rm -rf --one-file-system "$work"' EXIT
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

# The network of this machine, as far as an unprivileged program has it, and nothing of this machine itself. Once it is booted.
connect() {
  slirp4netns --configure --disable-host-loopback --ready-fd=3 "$(leader)" tap0 3>"$work/connected" >"$work/slirp" 2>&1 &
  slirp=$!
  tries=0
  until [ -s "$work/connected" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "it gets no network: $(cat "$work/slirp")"
    sleep 0.1
  done
  echo 'nameserver 10.0.2.3' >"$root/etc/resolv.conf"
}

# As a power cut does, as far as processes go.
power_off() {
  first=$(leader) || :
  [ -z "$first" ] || kill -KILL "$first"
  [ -z "$nspawn" ] || wait "$nspawn" || :
  nspawn=
  [ -z "$slirp" ] || kill "$slirp" 2>/dev/null || :
  slirp=
  # It leaves this where /run is on a disk.
  rmdir "/run/systemd/nspawn/propagate/$machine" 2>/dev/null || :
}

inside() { # SCRIPT
  first=$(leader)
  nsenter --mount --pid --net --uts --ipc --root --target "${first:-none}" \
    env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -c "cd /root; set -eu; $1"
}

step() { # WHAT SCRIPT
  inside "$2" >"$work/said" 2>&1 || fail "$1: $(cat "$work/said")"
  echo "ok   $1"
}
