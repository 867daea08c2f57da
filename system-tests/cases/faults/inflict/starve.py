"""Lets processes, and all that they start, run for PERCENT of every tenth of a second, and stops them for the rest.

Usage: starve.py PERCENT PID...
"""

import os
import signal
import sys
import time

PERIOD_S = 0.1
ending = []


def send(pids, what):
    for pid in pids:
        try:
            os.kill(pid, what)
        except ProcessLookupError:
            continue
        send(children(pid), what)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return [int(one) for one in file.read().split()]
    except OSError:
        return []


def main(percent, *pids):
    pids = [int(pid) for pid in pids]
    signal.signal(signal.SIGTERM, lambda *_: ending.append(True))
    runs = PERIOD_S * float(percent) / 100
    while not ending:
        send(pids, signal.SIGSTOP)
        time.sleep(PERIOD_S - runs)
        send(pids, signal.SIGCONT)
        time.sleep(runs)
    send(pids, signal.SIGCONT)


main(*sys.argv[1:])
