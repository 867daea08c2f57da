"""Looks at listeners on a relay's 127.0.0.1, from the relay: who holds them, when that one was last heard, and what answers.

Runs on the relay. Reads one request a line from its standard input, and answers with one JSON object a line:
  look PORT...            {"look": {"PORT": {"inode": N, "heardAgoMs": N, "sessions": N}}, "atMs": T}
  probe ID PORT TIMEOUT   {"probe": ID, "ok": true, "why": "", "atMs": T}
Times are CLOCK_MONOTONIC. A look sends nothing. A probe takes what a technician gets: a connection and an SSH greeting.
"""

import json
import os
import socket
import struct
import sys
import threading
import time

# 822 is sshd's behind HAProxy.
SSHD_PORTS = (443, 444, 822)
SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST_DUMP = 0x301
NLMSG_DONE = 3
INET_DIAG_INFO = 2
TCP_ESTABLISHED, TCP_LISTEN = 1, 10
# struct tcp_info, linux/tcp.h.
LAST_DATA_RECV = 52

output = threading.Lock()
owners = {}


def say(**fields):
    with output:
        print(json.dumps({**fields, "atMs": time.monotonic() * 1000}), flush=True)


def tcp_sockets(family):
    """All TCP sockets of this network: (state, local port, inode, milliseconds since data came)."""
    found = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, SOCK_DIAG) as netlink:
        request = struct.pack("=BBBBI48x", family, socket.IPPROTO_TCP, 1 << (INET_DIAG_INFO - 1), 0, 0xFFFFFFFF)
        netlink.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST_DUMP, 0, 0) + request)
        while True:
            data = netlink.recv(65536)
            while data:
                length, kind = struct.unpack_from("=IH", data)
                if kind == NLMSG_DONE:
                    return found
                found.append(read_socket(data[16:length]))
                data = data[(length + 3) & ~3 :]


def read_socket(message):
    # struct inet_diag_msg: family, state, timer, retrans, then ports in network order; the inode is its last field.
    state = message[1]
    (port,) = struct.unpack_from(">H", message, 4)
    (inode,) = struct.unpack_from("=I", message, 68)
    heard, at = None, 72
    while at + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, at)
        if kind == INET_DIAG_INFO:
            (heard,) = struct.unpack_from("=I", message, at + 4 + LAST_DATA_RECV)
        at += max(4, (length + 3) & ~3)
    return state, port, inode, heard


def owner_of(inode):
    """The sockets of the process that holds this one; asked once for each listener."""
    if inode not in owners:
        owners[inode] = next((sockets for sockets in map(sockets_of, sshd_processes()) if inode in sockets), set())
    return owners[inode]


def sshd_processes():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
                if file.read().startswith("sshd"):
                    yield pid
        except OSError:
            continue


def sockets_of(pid):
    found = set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:["):
                found.add(int(target[8:-1]))
    except OSError:
        pass
    return found


def look(ports):
    sockets = tcp_sockets(socket.AF_INET)
    every = sockets + tcp_sockets(socket.AF_INET6)
    connected = {inode: heard for state, port, inode, heard in every if state == TCP_ESTABLISHED and port in SSHD_PORTS}
    answer = {}
    for port in ports:
        inode = next((one for state, at, one, _ in sockets if state == TCP_LISTEN and at == port), None)
        heard = [connected[one] for one in owner_of(inode) if one in connected] if inode else []
        answer[port] = {"inode": inode, "heardAgoMs": min(heard, default=None)}
    say(look=answer)


def probe(name, port, timeout):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as connection:
            connection.settimeout(timeout)
            greeting = connection.recv(64)
        ok = greeting.startswith(b"SSH-")
        why = "" if ok else "closed without a greeting" if not greeting else "no SSH greeting"
    except OSError as err:
        ok, why = False, "nothing came in time" if isinstance(err, TimeoutError) else os.strerror(err.errno or 0)
    say(probe=name, ok=ok, why=why)


def main():
    say(ready=True)
    for line in sys.stdin:
        word, *arguments = line.split()
        if word == "look":
            look([int(port) for port in arguments])
        elif word == "probe":
            name, port, timeout = arguments
            threading.Thread(target=probe, args=(name, int(port), float(timeout)), daemon=True).start()


main()
