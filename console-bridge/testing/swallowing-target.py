"""A target on a pty that loses what comes too fast, as a UART with a small FIFO and no flow control does.

usage: swallowing-target.py LINK FIFO_BYTES TICK_MS BYTES_PER_TICK
It takes BYTES_PER_TICK from its FIFO every TICK_MS, echoes them, and prints its prompt after each line, for which it
takes 20 ms more. What arrives while the FIFO is full is lost. Standard output gets each complete line.
"""

import os
import pty
import select
import sys
import time
import tty

link, fifo_bytes, tick_ms, per_tick = sys.argv[1], *map(int, sys.argv[2:])
target, line = pty.openpty()
tty.setraw(line)
os.symlink(os.ttyname(line), link)
fifo = bytearray()
typed = bytearray()
busy_until = 0.0
next_tick = time.monotonic()
print('ready', flush=True)
while True:
    wait = max(0.0, next_tick - time.monotonic())
    if select.select([target], [], [], wait)[0]:
        came = os.read(target, 65536)
        fifo += came[: max(0, fifo_bytes - len(fifo))]
    now = time.monotonic()
    if now < next_tick:
        continue
    next_tick = now + tick_ms / 1000
    if now < busy_until:
        continue
    taken, fifo[:per_tick] = bytes(fifo[:per_tick]), b''
    for byte in taken:
        if byte in b'\r\n':
            print(typed.decode('latin1'), flush=True)
            typed.clear()
            os.write(target, b'\r\ncore-sw1(config)#')
            busy_until = now + 0.02
        else:
            typed.append(byte)
            os.write(target, bytes([byte]))
