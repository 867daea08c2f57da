#!/bin/bash -e
# How the board starts. On Debian raspi-firmware's hook writes config.txt and cmdline.txt from /etc/default; elsewhere they are written here.
: "${ROOTFS_DIR:?}"

# Modes that no umask of the checkout decided, and times that it did not either: the initramfs has both.
tar --create --directory=files --owner=0 --group=0 --mode=u=rwX,go=rX ${SOURCE_DATE_EPOCH:+"--mtime=@$SOURCE_DATE_EPOCH"} . |
	tar --extract --directory="$ROOTFS_DIR" --no-overwrite-dir
mkdir -p "$ROOTFS_DIR/boot/firmware"
if ! grep -qs ROOTPART "$ROOTFS_DIR/etc/kernel/postinst.d/z50-raspi-firmware"; then
	defaults=$ROOTFS_DIR/etc/default
	echo "console=tty1 root=ROOTDEV rootfstype=ext4 rootwait net.ifnames=0 $(cat "$defaults/raspi-extra-cmdline")" \
		>"$ROOTFS_DIR/boot/firmware/cmdline.txt"
	{
		echo 'arm_boost=1'
		echo 'auto_initramfs=1'
		cat "$defaults/raspi-firmware-custom"
	} >"$ROOTFS_DIR/boot/firmware/config.txt"
fi
