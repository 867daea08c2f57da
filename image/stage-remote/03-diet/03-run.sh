#!/bin/bash -e
# Last: what upgrades need to know of this image, and no trace of the builder's network.
: "${ROOTFS_DIR:?}" "${IMG_NAME:?}"

ln -sf ../run/systemd/resolve/stub-resolv.conf "$ROOTFS_DIR/etc/resolv.conf"
rm -f "$ROOTFS_DIR/etc/ssh/"ssh_host_*
# The indexes of ldconfig, the journal and the like are of now: systemd.unit(5), ConditionNeedsUpdate=. They would be made at each boot.
touch --reference="$ROOTFS_DIR/usr" "$ROOTFS_DIR/etc/.updated" "$ROOTFS_DIR/var/.updated"
# Two images with the same content are one: generations of `oobm upgrade` lie over exactly one.
id=$(find "$ROOTFS_DIR"/{etc,usr,var/lib/dpkg/status} -xdev -type f -print0 | sort -z | xargs -0 sha256sum | sed "s|$ROOTFS_DIR||" | sha256sum)
echo "$IMG_NAME ${id:0:16}" >"$ROOTFS_DIR/usr/lib/oobm-appliance/image-id"
