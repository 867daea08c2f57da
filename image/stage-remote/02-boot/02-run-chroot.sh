#!/bin/bash -e
# The initramfs with these settings; the hook puts it, the kernel and its command line on the firmware partition.

update-initramfs -c -k all </dev/null
