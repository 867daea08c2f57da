#!/usr/bin/env python3
"""Makes ptys in the place of serial ports, and sends on them as equipment does.

feed-ptys.py FOLDER COUNT makes FOLDER/tty0 and so on, prints "ready", and takes commands on its standard input:
feed COUNT SECONDS   small packets at the pace of a line, on the first COUNT of them, out of step with each other
burst COUNT BYTES    so many bytes on each of the first COUNT of them, as fast as they are read
It answers each with "fed BYTES": what the ptys took in all.
"""

import os
import pty
import select
import sys
import termios
import time
import tty

# One full packet of an FTDI adapter holds 62 bytes (FTDI AN232B-04); 8N1 at 115200 baud fills it in 5.4 ms.
PACKET_BYTES = 62
INTERVAL_S = PACKET_BYTES * 10 / 115200
PACKET = b"%LINK-3-UPDOWN: Interface Gi0/1, changed state to up".ljust(PACKET_BYTES - 2, b".") + b"\r\n"


def main():
    folder, count = sys.argv[1], int(sys.argv[2])
    masters, slaves = [], []
    for number in range(count):
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        os.symlink(os.ttyname(slave), f"{folder}/tty{number}")
        masters.append(master)
        # Held open: a pty that nobody has open would be at its end.
        slaves.append(slave)
    print("ready", flush=True)
    for line in sys.stdin:
        command, *numbers = line.split()
        for slave in slaves:
            termios.tcflush(slave, termios.TCIOFLUSH)
        talking = masters[: int(numbers[0])]
        fed = feed(talking, float(numbers[1])) if command == "feed" else burst(talking, int(numbers[1]))
        print("fed", fed, flush=True)


def feed(masters, seconds):
    step = INTERVAL_S / len(masters)
    start = time.monotonic()
    fed = 0
    for turn in range(int(seconds / step)):
        time.sleep(max(0, start + turn * step - time.monotonic()))
        fed += send(masters[turn % len(masters)], PACKET)
    return fed


def burst(masters, wanted):
    left = {master: wanted for master in masters}
    while left:
        for master in select.select([], list(left), [])[1]:
            left[master] -= send(master, (PACKET * 16)[: left[master]])
            if left[master] <= 0:
                del left[master]
    return wanted * len(masters)


def send(master, data):
    try:
        return os.write(master, data)
    except BlockingIOError:
        return 0


main()
