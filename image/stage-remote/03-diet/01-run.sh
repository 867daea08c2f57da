#!/bin/bash -e
# Takes away what was there before dpkg knew to leave it out, by the same list; and what only the build needed.
: "${ROOTFS_DIR:?}"

list=$ROOTFS_DIR/etc/dpkg/dpkg.cfg.d/50-oobm
doomed=$(mktemp)
trap 'rm -f "$doomed"' EXIT

# As dpkg matches: against the whole path, over slashes, and the last line that fits wins.
while IFS='=' read -r word pattern; do
	case $word in
		path-exclude) find "$ROOTFS_DIR" -xdev -path "$ROOTFS_DIR$pattern" ! -type d -print >>"$doomed" ;;
		path-include)
			find "$ROOTFS_DIR" -xdev -path "$ROOTFS_DIR$pattern" -print | sort | comm -13 - <(sort -u "$doomed") >"$doomed.kept"
			mv "$doomed.kept" "$doomed"
			;;
	esac
done <"$list"
sort -u "$doomed" | tr '\n' '\0' | xargs -0 -r rm -f
find "$ROOTFS_DIR"/usr/{share,lib/firmware,lib/modules,lib/udev/hwdb.d} -xdev -mindepth 1 -type d -empty -delete

# The firmware's variants for cameras and for debugging; config.txt asks for the smallest.
rm -f "$ROOTFS_DIR"/boot/firmware/{start,fixup}{4,_}{x,db}.*
