"""Carries connections from a port of this network namespace's loopback to the same port of another's.

`relay.py PORT PROCESS`: a socket stays in the namespace in which it was made, so this listens here and then
moves to the namespace of the process, where the provider is. Ends with its parent.
"""

import asyncio
import ctypes
import os
import socket
import sys

CLONE_NEWNET = 0x40000000


async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def main(port, process):
    parent = os.getppid()
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(1024)
    with open(f"/proc/{process}/ns/net", "rb") as namespace:
        if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    async def accept(reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, there_writer), carry(there_reader, writer))

    await asyncio.start_server(accept, sock=listener)
    print("ready", flush=True)
    while os.getppid() == parent:
        await asyncio.sleep(0.5)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
