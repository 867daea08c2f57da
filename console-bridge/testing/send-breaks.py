"""A second real SSH client: attaches, sends a break request of each length given, in milliseconds, and says what it was told.

usage: send-breaks.py PORT KEY KNOWN_HOSTS LOGIN MS...

Each request wants a reply (RFC 4335, section 3), which is printed before what the console says.
"""

import asyncio
import sys

import asyncssh
from asyncssh.packet import UInt32


async def main(port, key, known_hosts, login, *lengths):
    async with asyncssh.connect(
        "127.0.0.1", int(port), username=login, client_keys=[key], known_hosts=known_hosts, config=None
    ) as connection:
        async with connection.create_process(term_type="vt100") as process:
            await process.stdout.readuntil("for help]")
            for length in lengths:
                # send_break() wants no reply.
                print(await process.channel._make_request(b"break", UInt32(int(length))))
                print(await process.stdout.readuntil("BREAK"), await process.stdout.readuntil("]"), flush=True)


asyncio.run(main(*sys.argv[1:]))
