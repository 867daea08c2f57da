"""A name server for one world: A and AAAA from a JSON file that is read at every question.

Usage: dns-server.py FILE ADDRESS...
FILE: {"mode": "answer", "names": {"relay.example.net": ["192.0.2.10", "2001:db8::1"]}}
"mode" is answer, silent or failing (SERVFAIL). A name that is not there does not exist (NXDOMAIN).
"""

import ipaddress
import json
import selectors
import socket
import struct
import sys

TYPES = {1: 4, 28: 6}
TTL_S = 1


def question_of(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    (kind,) = struct.unpack_from(">H", packet, at + 1)
    return ".".join(labels).lower(), kind, packet[12 : at + 5]


def answer_to(packet, zone):
    name, kind, question = question_of(packet)
    if zone["mode"] == "silent":
        return None
    known = zone["names"].get(name)
    code = 2 if zone["mode"] == "failing" else 0 if known is not None else 3
    addresses = [ipaddress.ip_address(one) for one in known or []] if code == 0 else []
    records = [
        b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, TTL_S, len(one.packed)) + one.packed
        for one in addresses
        if one.version == TYPES.get(kind)
    ]
    head = packet[:2] + struct.pack(">HHHHH", 0x8580 | code, 1, len(records), 0, 0)
    return head + question + b"".join(records)


def listen(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, socket.SOCK_DGRAM)
    server.bind((address, 53))
    return server


def questions(addresses):
    with selectors.DefaultSelector() as selector:
        for address in addresses:
            selector.register(listen(address), selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in selector.select():
                yield key.fileobj, *key.fileobj.recvfrom(1500)


def main(path, *addresses):
    for server, packet, client in questions(addresses):
        try:
            with open(path, encoding="utf-8") as file:
                answer = answer_to(packet, json.load(file))
            if answer:
                server.sendto(answer, client)
        except (ValueError, IndexError, KeyError, struct.error, OSError) as err:
            print(f"question not answered: {err}", file=sys.stderr, flush=True)


main(*sys.argv[1:])
