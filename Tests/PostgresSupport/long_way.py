"""Carries connections to a server's Unix socket, each direction so much later.

`long_way.py LISTEN SERVER MILLISECONDS`: both are paths of sockets. Ends with its parent.
"""

import asyncio
import os
import sys


async def carry(reader, writer, delay):
    loop = asyncio.get_running_loop()
    pieces = asyncio.Queue()

    async def read():
        data = b"begin"
        while data:
            try:
                data = await reader.read(65536)
            except OSError:
                data = b""
            pieces.put_nowait((loop.time() + delay, data))

    reading = asyncio.create_task(read())
    try:
        while True:
            due, data = await pieces.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        reading.cancel()
        writer.close()


async def main(listen, server, delay):
    parent = os.getppid()

    async def accept(reader, writer):
        try:
            there_reader, there_writer = await asyncio.open_unix_connection(server)
        except OSError:
            writer.close()
            return
        await asyncio.gather(carry(reader, there_writer, delay), carry(there_reader, writer, delay))

    await asyncio.start_unix_server(accept, listen)
    print("ready", flush=True)
    while os.getppid() == parent:
        await asyncio.sleep(0.5)


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) / 1000))
