#!/bin/sh
# Creates, checks, repairs, grows and mounts the data partition. `data` and `why` have the result.
# The partition's type says whether it was ever complete: before that, a power cut loses nothing, and it is created again.
# A complete partition is created again only if it has no superblock, primary or backup, and no other known content.
# shellcheck disable=SC2154 # report.sh and disk.sh assign

# Bytes of a block: fixed, so that the backup superblocks are where this file looks for them.
block_bytes=4096
# The least size in MiB that is useful.
least_mib=64
# Boards without a clock: a time in the future is not a fault of the file system.
export E2FSCK_CONFIG="$appliance/e2fsck.conf"
# "Non-FS data" until its file system is complete and on the card, then "Linux".
unmade_type=da
made_type=83
# The partition grows only if it gains at least this many MiB: each time is a write to the partition table.
worthwhile_mib=32

# Always leaves something mounted there; `data` is ok, made, repaired, or lost if nothing is kept.
open_data() { # MOUNT_POINT ROOT
  data='' why=''
  prepare_device "$2"
  if [ "$data" != lost ]; then
    grow_partition
    if mount_data "$1"; then
      grow_file_system
      return 0
    fi
    lose "the data partition $device cannot be mounted"
  fi
  if [ -n "$device" ] && mount_as_it_stands "$1"; then return 0; fi
  mount_memory "$1"
}

# Without reading the card.
lose_data() { # REASON MOUNT_POINT
  lose "$1"
  mount_memory "$2"
}

mount_memory() { # MOUNT_POINT
  mount -t tmpfs -o mode=0700,size=25% oobm-data "$1"
}

lose() { # REASON
  data=lost why=$1
  say_last_words
  # Priority 2 also shows on a console with the option `quiet`.
  say "$why: nothing is kept from now on" 2
}

# Sets `device`; empty if there is none.
prepare_device() { # ROOT
  device=''
  if ! find_disk "$1"; then
    lose 'the system runs from no partition of a disk'
    return
  fi
  if ! find_partition 3; then
    reserve_partition || return 0
  fi
  device=/dev/${partition_sys##*/}
  if [ "$(partition_type)" = "$unmade_type" ]; then
    make_data
  elif has_superblock; then
    check_data
  elif kind=$(what_else); then
    lose "partition $device holds foreign data ($kind)"
  else
    say "$device has no file system, and no trace of one"
    if set_partition_type "$unmade_type"; then make_data; else lose "the partition table of $disk cannot be written"; fi
  fi
}

# Prints the type of other content on it; false if there is none that blkid(8) knows. Its exit code 8 means several.
what_else() {
  kind=$(blkid --probe --output value --match-tag TYPE "$device") || { [ $? -eq 8 ] && kind=several; }
  [ -n "$kind" ] && echo "$kind"
}

# Takes all the free space behind the other partitions.
reserve_partition() {
  start=$(free_start_mib)
  size=$(($(free_end_mib) - start))
  if [ "$size" -lt "$least_mib" ]; then
    lose "$disk has no room for a data partition: $size MiB are free"
    return 1
  fi
  say "creating a data partition of $size MiB on $disk"
  if append_partition "$start" "$size" "$unmade_type" && find_partition 3; then return 0; fi
  lose "the partition table of $disk cannot be written"
  return 1
}

has_superblock() {
  for block in 0 $(backup_superblocks); do
    if [ "$(superblock_magic "$block")" = ef53 ]; then return 0; fi
  done
  return 1
}

# Their block numbers: at the start of the block groups 1 and powers of 3, 5 and 7 (sparse_super), each of 32768 blocks.
backup_superblocks() {
  for group in 1 3 5 7 9 25 27 49 81 125; do echo $((group * 32768)); done
}

# The primary one is 1 KiB into its block; the magic 56 bytes into each; ext4's on-disk layout.
superblock_magic() { # BLOCK
  offset=$(($1 * block_bytes + 56))
  [ "$1" -ne 0 ] || offset=1080
  od -An -v -tx2 --endian=little -N2 -j "$offset" "$device" 2>/dev/null | tr -d ' '
}

check_data() {
  attempt e2fsck -p "$device"
  case $? in
    0) data=ok ;;
    1 | 2 | 3) repaired ;;
    *) repair_data ;;
  esac
}

repaired() {
  data=repaired
  say "$device: the file system had faults, and was repaired"
}

# Makes the repairs that `e2fsck -p` refuses, then tries each backup superblock.
repair_data() {
  if [ "$(cat "$partition_sys/ro")" -eq 1 ]; then
    lose "$disk accepts no more writes"
    return
  fi
  say "$device: the file system has faults: repairing it"
  if answer_yes; then
    repaired
    return
  fi
  for block in $(backup_superblocks); do
    [ "$(superblock_magic "$block")" = ef53 ] || continue
    say "$device: trying the superblock at block $block"
    if answer_yes -b "$block" -B "$block_bytes"; then
      repaired
      return
    fi
  done
  lose "the file system of $device cannot be repaired"
}

# e2fsck(8): 1 and 2 are repaired faults, 4 and more are not repaired.
answer_yes() { # OPTION...
  attempt e2fsck -f -y "$@" "$device"
  [ $? -lt 4 ]
}

make_data() {
  say "making the data partition $device"
  if make_file_system && attempt blockdev --flushbufs "$device" && set_partition_type "$made_type"; then
    data=made
  else
    lose "no file system could be made on $device"
  fi
}

# A small journal and few inodes need few writes. The blocks reserved for root leave room to change the configuration when transcripts
# have filled the rest. No discard: some cards take minutes for it.
make_file_system() {
  attempt mke2fs -F -q -t ext4 -b "$block_bytes" -I 256 -i 32768 -J size=16 -m 2 -L oobm-data -E nodiscard,lazy_itable_init=1 "$device"
}

# For a card that was copied to a larger one. Does nothing if another partition follows.
grow_partition() {
  find_partition 3 || return 0
  [ "$(free_start_mib)" -le $((($(partition_end "$partition_sys") + 2047) / 2048 + align_mib)) ] || return 0
  start=$(cat "$partition_sys/start")
  size=$(($(free_end_mib) - start / 2048))
  if [ $((size - $(cat "$partition_sys/size") / 2048)) -lt "$worthwhile_mib" ]; then return 0; fi
  say "growing the data partition of $disk to $size MiB"
  resize_partition "$size" || say "the partition table of $disk could not be changed"
}

# After mounting: the kernel grows the file system through its journal, so a power cut leaves it complete, and it grows at the next boot.
grow_file_system() {
  partition_mib=$(($(cat "$partition_sys/size") / 2048))
  blocks=$(od -An -v -tu4 --endian=little -N4 -j 1028 "$device" | tr -d ' ')
  if [ $((partition_mib - blocks / (1048576 / block_bytes))) -lt "$worthwhile_mib" ]; then return 0; fi
  attempt resize2fs "$device" || say "the file system of $device could not be grown"
}

# --rw: mount(8) would silently mount a write-protected card read-only.
mount_data() { # MOUNT_POINT
  attempt mount --rw -t ext4 -o noatime,nodev,nosuid,errors=remount-ro,commit=30 "$device" "$1"
}

# A card that can only be read still has the configuration: the device uses it, and its writes go to memory.
mount_as_it_stands() { # MOUNT_POINT
  mkdir -p "$facts/worn" "$facts/instead"
  attempt mount -t ext4 -o ro,noload,nodev,nosuid "$device" "$facts/worn" || return 1
  mount_memory "$facts/instead" || return 1
  mkdir "$facts/instead/upper" "$facts/instead/work"
  chmod 0700 "$facts/instead/upper"
  attempt mount -t overlay -o "lowerdir=$facts/worn,upperdir=$facts/instead/upper,workdir=$facts/instead/work" oobm-data "$1" || return 1
  say "$device can be read: using what is on it"
}
