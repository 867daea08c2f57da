"""A second real SSH client: attaches, and sends a break request of each length given, in milliseconds.

usage: send-breaks.py PORT KEY KNOWN_HOSTS LOGIN MS...
"""

import asyncio
import sys

import asyncssh


async def main(port, key, known_hosts, login, *lengths):
    async with asyncssh.connect(
        "127.0.0.1", int(port), username=login, client_keys=[key], known_hosts=known_hosts, config=None
    ) as connection:
        async with connection.create_process(term_type="vt100") as process:
            await process.stdout.readuntil("for help]")
            for length in lengths:
                process.channel.send_break(int(length))
                print(await process.stdout.readuntil("BREAK, "), await process.stdout.readuntil("]"), flush=True)


asyncio.run(main(*sys.argv[1:]))
