"""Runs one program as systemd runs a unit of the device: what the shipped unit file says of its watchdog and restarts is done.

Usage: run-unit.py UNIT_FILE SOCKET FILES PROGRAM [ARGUMENT...]
Knows WatchdogSec (from READY=1 on, and as WATCHDOG_USEC= sets it later), WatchdogSignal, Restart=always, RestartSec,
RestartPreventExitStatus, TimeoutStopSec, and ExecStopPost, whose program is looked for below the folder FILES; PROGRAM stands
for ExecStart. Prints one JSON object a line: started, notified, watchdog, ended, stop-post. SIGTERM ends the program in order,
and then this one.
"""

import configparser
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
STOP_POST_S = 10


def say(event, **more):
    print(json.dumps({"event": event, "atMs": time.monotonic() * 1000, **more}), flush=True)


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def seconds(text):
    units = {"ms": 0.001, "min": 60, "s": 1}
    for unit, factor in units.items():
        if text.endswith(unit):
            return float(text[: -len(unit)]) * factor
    return float(text)


class Unit:
    def __init__(self, path):
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str
        parser.read(path)
        service = parser["Service"]
        self.watchdog_s = seconds(service.get("WatchdogSec", "0"))
        self.watchdog_signal = getattr(signal, service.get("WatchdogSignal", "SIGABRT"))
        self.restart_s = seconds(service.get("RestartSec", "0.1"))
        self.stop_s = seconds(service.get("TimeoutStopSec", "90"))
        self.final = [int(one) for one in service.get("RestartPreventExitStatus", "").split()]
        self.stop_post = service.get("ExecStopPost", "").lstrip("-")


def listen(path):
    if os.path.exists(path):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind(path)
    return server


def take(server):
    """One message; descriptors that came with it are closed, which is what systemd-notify waits for."""
    text, descriptors, _, _ = socket.recv_fds(server, 4096, 8)
    for one in descriptors:
        os.close(one)
    return text.decode().split("\n")


class Watchdog:
    """Runs once the program is ready."""

    def __init__(self, limit_s):
        self.limit_s = limit_s
        self.fed_at = None

    def take(self, lines):
        for line in lines:
            if line in ("READY=1", "WATCHDOG=1"):
                self.fed_at = time.monotonic() if line == "READY=1" or self.fed_at else None
            if line == "READY=1":
                say("notified")
            if line.startswith("WATCHDOG_USEC="):
                self.limit_s = int(line.split("=")[1]) / 1e6

    def is_over(self):
        return bool(self.limit_s and self.fed_at and time.monotonic() - self.fed_at > self.limit_s)


def end_of(child, unit, server, stopping):
    """Takes notifications until the child ended; ends it where its watchdog says so, or where it is to stop."""
    watchdog, asked_at = Watchdog(unit.watchdog_s), None
    while child.poll() is None:
        readable, _, _ = select.select([server], [], [], 0.1)
        if readable:
            watchdog.take(take(server))
        now = time.monotonic()
        if stopping and asked_at is None:
            asked_at = now
            child.send_signal(signal.SIGCONT)
            child.terminate()
        if asked_at is not None and now - asked_at > unit.stop_s:
            child.kill()
        if asked_at is None and watchdog.is_over():
            # systemd: the watchdog's signal, and SIGKILL when that does not end it within TimeoutStopSec.
            say("watchdog", afterS=watchdog.limit_s)
            child.send_signal(unit.watchdog_signal)
            asked_at = now
    return child.returncode


def stop_post(program):
    try:
        code = subprocess.run([program], timeout=STOP_POST_S, check=False).returncode
    except subprocess.TimeoutExpired:
        code = "timeout"
    say("stop-post", code=code)


def main(unit_file, socket_path, files, *command):
    unit = Unit(unit_file)
    server = listen(socket_path)
    stopping = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))
    environment = {**os.environ, "NOTIFY_SOCKET": socket_path}
    if unit.watchdog_s:
        environment["WATCHDOG_USEC"] = str(int(unit.watchdog_s * 1e6))
    while True:
        child = subprocess.Popen(command, env=environment, preexec_fn=die_with_parent)
        say("started", pid=child.pid)
        code = end_of(child, unit, server, stopping)
        say("ended", code=code)
        if unit.stop_post:
            stop_post(files + unit.stop_post)
        if stopping or code in unit.final:
            return
        deadline = time.monotonic() + unit.restart_s
        while time.monotonic() < deadline and not stopping:
            time.sleep(0.05)
        if stopping:
            return


main(*sys.argv[1:])
