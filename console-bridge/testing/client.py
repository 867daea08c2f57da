"""A Python SSH library as a client: sends standard input to a console, prints what it says, ends with its exit code.

usage: client.py paramiko|paramiko-sha1|asyncssh PORT KEY KNOWN_HOSTS LOGIN
"""

import asyncio
import sys


def by_paramiko(port, key, known_hosts, login, **options):
    import paramiko

    if options:
        # A client from before RFC 8308 does not know what the server takes.
        paramiko.Transport.server_extensions = property(lambda self: {}, lambda self, value: None)

    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        "127.0.0.1", port, username=login, key_filename=key, allow_agent=False, look_for_keys=False, **options
    )
    channel = client.get_transport().open_session()
    channel.invoke_shell()
    channel.sendall(sys.stdin.buffer.read())
    channel.shutdown_write()
    while data := channel.recv(4096):
        sys.stdout.buffer.write(data)
    return channel.recv_exit_status()


async def by_asyncssh(port, key, known_hosts, login):
    import asyncssh

    async with asyncssh.connect(
        "127.0.0.1", port, username=login, client_keys=[key], known_hosts=known_hosts, config=None
    ) as connection:
        result = await connection.run(None, input=sys.stdin.buffer.read(), encoding=None)
        sys.stdout.buffer.write(result.stdout)
        return result.exit_status


library, port, key, known_hosts, login = sys.argv[1:]
if library == "asyncssh":
    sys.exit(asyncio.run(by_asyncssh(int(port), key, known_hosts, login)))
old = {"disabled_algorithms": {"pubkeys": ["rsa-sha2-256", "rsa-sha2-512"]}} if library == "paramiko-sha1" else {}
sys.exit(by_paramiko(int(port), key, known_hosts, login, **old))
