#!/bin/sh
# The running system: the image's root, a generation over it, memory over both; and the kept folders of the data partition.
# shellcheck disable=SC2154 # report.sh and prepare assign

# Mounts it; writes to it go to memory.
mount_system() { # MOUNT_POINT LOWER
  mkdir -p "$facts/memory"
  attempt mount -t tmpfs -o mode=0755,size=25% oobm-memory "$facts/memory" || return 1
  mkdir "$facts/memory/upper" "$facts/memory/work"
  attempt mount -t overlay -o "lowerdir=$2,upperdir=$facts/memory/upper,workdir=$facts/memory/work" oobm-root "$1"
  mounted=$?
  # The overlay uses it: nobody may reach it another way.
  umount --lazy "$facts/memory"
  return "$mounted"
}

# Mounts the data partition's folder over the system's. A copy that a power cut interrupted has another name.
keep() { # SYSTEM PATH
  stored=$1/data/kept$2
  mkdir -p "${stored%/*}" "$1$2"
  if [ ! -d "$stored" ]; then
    rm -rf "$stored.part"
    cp -a "$1$2" "$stored.part" && sync --file-system "$stored.part" && mv "$stored.part" "$stored" && sync "${stored%/*}"
  fi
  attempt mount --bind "$stored" "$1$2" || say "$2 is not kept: it cannot be mounted from the data partition"
}

keep_folders() { # SYSTEM LIST
  while read -r path; do
    case $path in
      /*) keep "$1" "$path" ;;
    esac
  done <"$2"
}

# The file that systemd-random-seed writes: from the second boot on, entropy is available at once.
keep_random_seed() { # SYSTEM
  stored=$1/data/kept/random-seed
  [ -e "$stored" ] || (umask 077 && : >"$stored")
  mkdir -p "$1/var/lib/systemd"
  [ -e "$1/var/lib/systemd/random-seed" ] || (umask 077 && : >"$1/var/lib/systemd/random-seed")
  attempt mount --bind "$stored" "$1/var/lib/systemd/random-seed"
}

# The same at each boot, different on each card: machine-id(5).
keep_machine_id() { # SYSTEM
  stored=$1/data/kept/machine-id
  case $(cat "$stored" 2>/dev/null) in
    *[!0-9a-f]* | '') id='' ;;
    *) id=$(cat "$stored") ;;
  esac
  if [ "${#id}" -ne 32 ]; then
    id=$(tr -d - </proc/sys/kernel/random/uuid)
    echo "$id" >"$stored.new" && sync "$stored.new" && mv "$stored.new" "$stored"
  fi
  # Replaces what is there: the image's file may be a link, or read-only.
  rm -f "$1/etc/machine-id"
  echo "$id" >"$1/etc/machine-id"
  chmod 0444 "$1/etc/machine-id"
}

# A board without a clock starts years in the past: set it to the time at which it last ran, or at which its image was made.
restore_clock() { # SYSTEM
  for witness in "$image/var/lib/dpkg/status" "$1/var/lib/systemd/timesync/clock"; do
    seen=$(stat -L -c %Y "$witness" 2>/dev/null) || continue
    if [ "$(date +%s)" -lt "$seen" ]; then attempt date -s "@$seen"; fi
  done
}

# Another image, or a package of a generation, may give an account another uid.
give_homes() { # SYSTEM
  while IFS=: read -r name _ uid gid _ home _; do
    folder=$1$home
    case $home in
      /home/?*) [ -d "$folder" ] || continue ;;
      *) continue ;;
    esac
    if [ "$(stat -c %u "$folder")" != "$uid" ]; then
      say "$home belongs to $name again"
      chown -R -h "$uid:$gid" "$folder"
    fi
  done <"$1/etc/passwd"
}
