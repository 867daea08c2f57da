#!/bin/bash -e
# Indexes of what is left, without the modules that went; the kernel's hook does not run again, since it lies on the firmware partition.

for modules in /usr/lib/modules/*; do depmod "${modules##*/}" </dev/null; done
