#!/bin/bash -e
# Installs it as on any Debian; pi-gen gives this to bash on stdin, so that no command here may read that.

DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y /root/oobm-device.deb </dev/null
rm /root/oobm-device.deb
