#!/bin/bash -e
# Lays the appliance's files over the tree; they mirror its root.
: "${ROOTFS_DIR:?}"

# Modes that no umask of the checkout decided, and times that it did not either: the initramfs has both.
tar --create --directory=files --owner=0 --group=0 --mode=u=rwX,go=rX ${SOURCE_DATE_EPOCH:+"--mtime=@$SOURCE_DATE_EPOCH"} . |
	tar --extract --directory="$ROOTFS_DIR" --no-overwrite-dir
