"""A server that keeps nothing of the contract: endpoints of its own that tell what came in; standard library only.

Run as a program with HOST PORT. GET /health is cheap, /slow waits, /echo tells the request, /moved sends elsewhere,
/broken fails with a traceback.
"""

import json
import sys
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_S = 0.2


class Own(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/moved":
            self._answer(302, {}, {"Location": "/health"})
        elif self.path == "/slow":
            time.sleep(SLOW_S)
            self._answer(200, {"ok": True})
        elif self.path == "/broken":
            self._break()
        else:
            self._answer(200 if self.path == "/health" else 401, {"ok": True})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        told = {"path": self.path, "body": body, "kind": self.headers.get("X-Kind"), "more": [1, 2.0, None]}
        self._answer(201, told)

    do_PUT = do_POST  # noqa: N815 - named by http.server

    def log_message(self, *_: object) -> None:
        """Nothing: a log would cost more than the answer."""

    def _break(self) -> None:
        try:
            _ = 1 // len("")
        except ZeroDivisionError:
            traceback.print_exc()
        self._answer(500, {})

    def _answer(self, status: int, told: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    with ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Own) as server:
        server.serve_forever()
