#!/bin/sh
# The card that the system runs from, and its third partition; by the kernel's own numbers, so that no device has to have a certain name.

# Partitions begin and end at multiples of this: what an SD card erases at once, or a multiple of it.
align_mib=4

# Sets `disk` and `disk_sys`, the disk of which one partition is mounted there.
find_disk() { # MOUNT_POINT
  partition_sys=$(readlink -f "/sys/dev/block/$(mountpoint -d "$1")") || return 1
  [ -e "$partition_sys/partition" ] || return 1
  disk_sys=${partition_sys%/*}
  disk=/dev/${disk_sys##*/}
}

# Sets `partition_sys`, the kernel's folder of one partition.
find_partition() { # NUMBER
  for partition_sys in "$disk_sys"/*/; do
    partition_sys=${partition_sys%/}
    if [ -e "$partition_sys/partition" ] && [ "$(cat "$partition_sys/partition")" = "$1" ]; then return 0; fi
  done
  return 1
}

# The first sector (of 512 bytes) behind a partition.
partition_end() { # PARTITION_SYS
  echo $(($(cat "$1/start") + $(cat "$1/size")))
}

# Where a partition behind all others begins, in MiB.
free_start_mib() {
  last=0
  for each in "$disk_sys"/*/partition; do
    end=$(partition_end "${each%/partition}")
    [ "$end" -le "$last" ] || last=$end
  done
  last_mib=$(((last + 2047) / 2048))
  echo $((last_mib + (align_mib - last_mib % align_mib) % align_mib))
}

# Where such a partition ends, in MiB: with the disk, or where an MBR can count no further.
free_end_mib() {
  end_mib=$(($(cat "$disk_sys/size") / 2048))
  [ "$end_mib" -le 2097148 ] || end_mib=2097148
  echo $((end_mib - end_mib % align_mib))
}

# The writers of the partition table: each changes its one sector with one write, and nothing else of the disk. The kernel is told of that
# one partition, since it reads no whole table again while another partition is in use.
append_partition() { # START_MIB SIZE_MIB TYPE
  echo "start=${1}MiB, size=${2}MiB, type=$3" | write_table --append && attempt partx --update --nr 3 "$disk"
}

resize_partition() { # SIZE_MIB
  echo "size=${1}MiB" | write_table --partno 3 && attempt partx --update --nr 3 "$disk"
}

write_table() { # OPTION... <TABLE
  attempt sfdisk --quiet --no-reread --no-tell-kernel --wipe never --wipe-partitions never "$@" "$disk"
}

partition_type() {
  sfdisk --part-type "$disk" 3 2>/dev/null
}

set_partition_type() { # TYPE
  attempt sfdisk --quiet --no-reread --no-tell-kernel --part-type "$disk" 3 "$1"
}
