"""A line that is far: two tun devices in two networks, and every packet between them is kept for a while.

Usage: far-line.py NAME OTHER_NETWORK OTHER_NAME ONE_WAY_MS
Makes NAME in its own network and OTHER_NAME in the one of the file OTHER_NETWORK (/proc/PID/ns/net).
"""

import ctypes
import fcntl
import heapq
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
CLONE_NEWNET = 0x40000000


def open_tun(name):
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(tun, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN_NO_PI))
    return tun


def enter(network):
    file = os.open(network, os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(file, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns", network)
    os.close(file)


def main(name, network, other_name, one_way_ms):
    near = open_tun(name)
    enter(network)
    far = open_tun(other_name)
    print("ready", flush=True)
    delay, waiting, count = float(one_way_ms) / 1000, [], 0
    while True:
        timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([near, far], [], [], timeout)
        for tun in readable:
            count += 1
            packet = os.read(tun, 65536)
            heapq.heappush(waiting, (time.monotonic() + delay, count, far if tun == near else near, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, to, packet = heapq.heappop(waiting)
            try:
                os.write(to, packet)
            except OSError:
                # The device is down: a line loses what nobody takes.
                pass


main(*sys.argv[1:])
