"""A server that answers every request with the same bytes, as cheaply as Python can: what is left is the generator.

Run as `python -m runners.measure.serve.null_server HOST PORT`. It reads no further than the blank line that ends a
request.
"""

import asyncio
import importlib
import sys
from typing import cast

BODY = b'{"result":"pong"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)
END_OF_REQUEST = b"\r\n\r\n"


class CannedAnswers(asyncio.Protocol):
    """Answers once for every blank line it sees, whatever was asked."""

    transport: asyncio.WriteTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(END_OF_REQUEST))


async def serve(host: str, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(CannedAnswers, host, port, backlog=4096)
    await server.serve_forever()


def main() -> None:
    host, port = sys.argv[1], int(sys.argv[2])
    with asyncio.Runner(loop_factory=_fastest_loop) as runner:
        runner.run(serve(host, port))


def _fastest_loop() -> asyncio.AbstractEventLoop:
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


if __name__ == "__main__":
    main()
