#!/bin/sh
# The card that the system runs from, and its third partition; found by the kernel's device numbers, not by a device name.

# Partitions start and end at multiples of this: an SD card's erase size, or a multiple of it.
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

# Prints the first sector (of 512 bytes) behind a partition.
partition_end() { # PARTITION_SYS
  echo $(($(cat "$1/start") + $(cat "$1/size")))
}

# Prints where a partition behind all others would start, in MiB.
free_start_mib() {
  last=0
  for each in "$disk_sys"/*/partition; do
    end=$(partition_end "${each%/partition}")
    [ "$end" -le "$last" ] || last=$end
  done
  last_mib=$(((last + 2047) / 2048))
  echo $((last_mib + (align_mib - last_mib % align_mib) % align_mib))
}

# Prints where it would end, in MiB: at the end of the disk, or at the limit of an MBR.
free_end_mib() {
  end_mib=$(($(cat "$disk_sys/size") / 2048))
  [ "$end_mib" -le 2097148 ] || end_mib=2097148
  echo $((end_mib - end_mib % align_mib))
}

# These change the partition table with one write of one sector, and nothing else on the disk. The kernel is told about this partition
# only, because it does not read the table again while another partition is in use.
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
