#!/bin/bash -e
# Lays the appliance's files over the tree; they mirror its root.
: "${ROOTFS_DIR:?}"

# Modes that no umask of the checkout decided.
tar --create --directory=files --owner=0 --group=0 --mode=u=rwX,go=rX . |
	tar --extract --directory="$ROOTFS_DIR" --no-overwrite-dir
