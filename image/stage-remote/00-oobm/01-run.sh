#!/bin/bash -e
# Puts the package of this software in the tree: the file that OOBM_DEB names, else the one that lies here.
: "${ROOTFS_DIR:?}" "${ARCH:?}"

deb=${OOBM_DEB:-files/oobm-device.deb}
if [ ! -f "$deb" ]; then
	echo "$PWD/$deb is missing: make deb-device, and copy build/oobm-device_*_$ARCH.deb there (or name it in OOBM_DEB)" >&2
	exit 1
fi
install -m 644 "$deb" "$ROOTFS_DIR/root/oobm-device.deb"
