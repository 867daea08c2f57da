#!/bin/bash -e
# Lays the appliance's files over the tree; they mirror its root.
: "${ROOTFS_DIR:?}"

cp -r --no-preserve=ownership files/. "$ROOTFS_DIR/"
chmod -R u=rwX,go=rX "$ROOTFS_DIR/usr/lib/oobm-appliance"
