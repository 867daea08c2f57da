#!/bin/bash -e
# Begins with the tree of the stage before.
: "${ROOTFS_DIR:?}"

if [ ! -d "$ROOTFS_DIR" ]; then
	copy_previous
fi
