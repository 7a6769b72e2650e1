"""A small website on this machine, for programs that fetch pages for real.

It is slow, busy, broken or goes round in circles, as its pages say, and it keeps count of who asks
for what. Nothing of it outlives its `with` block.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import ceil
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, Self, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Page", "Website", "finish"]

# How `finish` tells that nothing happens any more: a server and a kernel that wait use a hundredth
# of a processor.
LOOKS, IDLE = 20, 0.03


@dataclass(frozen=True)
class Page:
    """What a website answers at one path.

    Args:
        links: the paths that the page links to.
        seconds: how long the answer takes.
        status: the HTTP status; from 400 on there is no page.
        moved: the path that a redirection leads to (its status is then 302).
        busy: so many requests are first answered with 503, "come back later".
    """

    links: Sequence[str] = ()
    seconds: float = 0.01
    status: int = 200
    moved: str | None = None
    busy: int = 0


class Website:
    """A website on a free port of 127.0.0.1, from the beginning to the end of a `with` block.

    `address` is where it is, `requests` the paths asked for so far, in order, and `most` the
    largest number of requests that it was working on at once.

        with Website({"/": Page(["/a"]), "/a": Page()}) as site:
            ...

    A request counts until its answer is sent, so `most` is never more than a client had under way.
    """

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self.pages = dict(pages)
        self.requests: list[str] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._server: _Server | None = None

    @property
    def address(self) -> str:
        """Host and port, such as "127.0.0.1:49152"; RuntimeError outside of the `with` block."""
        if self._server is None:
            raise RuntimeError("the website is there in its `with` block only")
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), name="website", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()  # waits for the requests under way
        self._server = None

    def answer(self, path: str) -> tuple[int, str | None, bytes]:
        """Work on a request: return the status, where the page has gone, and its text."""
        with self._lock:
            asked = self.requests.count(path)
            self.requests.append(path)
            self._now += 1
            self.most = max(self.most, self._now)
        page = self.pages.get(path, Page(status=404))
        time.sleep(page.seconds)
        with self._lock:
            self._now -= 1
        if asked < page.busy:
            return 503, None, b""
        if page.moved is not None:
            return 302, page.moved, b""
        text = "".join(f'<a href="{link}">{link}</a>\n' for link in page.links)
        return page.status, None, text.encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing it waits for them
    request_queue_size = 64  # a crowd at once is not refused

    def __init__(self, site: Website) -> None:
        self.site = site
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        """Bind as any server does; an HTTP server would ask the network for its name besides."""
        TCPServer.server_bind(self)
        host, self.server_port = self.server_address[:2]
        self.server_name = str(host)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, moved, text = cast("_Server", self.server).site.answer(self.path)
        with suppress(OSError):  # whoever asked has gone
            self.send_response(status)
            if moved is not None:
                self.send_header("Location", moved)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Say nothing: what goes to stderr costs a cell its points."""


def finish(call: Callable[[], Any], seconds: float = 20.0, patience: float = 2.0) -> Any:
    """Return or raise what `call()` does; AssertionError if it does not end.

    For calls that may never end: the call is made in a daemon thread, which is then left behind.

    Args:
        call: what is called, without arguments.
        seconds: how long it is waited for, of wall clock.
        patience: how long it is waited for while this process does next to nothing.
    """
    outcome: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((call(), None))
        except BaseException as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, name="call", daemon=True)
    thread.start()
    for _ in range(ceil(seconds / patience)):
        used = time.process_time()
        for _ in range(LOOKS):  # while the machine stands still, nobody looks
            thread.join(patience / LOOKS)
        if not thread.is_alive():
            break
        if time.process_time() - used < patience * IDLE:
            raise AssertionError(f"did not end: for {patience:g} s nobody did anything any more")
    else:
        raise AssertionError(f"did not end within {seconds:g} s")
    result, error = outcome[0]
    if error is not None:
        raise error
    return result
