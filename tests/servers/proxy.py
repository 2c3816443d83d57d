"""A network that a test can spoil: between client and server, it delays, cuts and refuses."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from tests.servers.processes import HOST, free_port

CHUNK = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of no time: closing sends RST instead of an orderly end
PATIENCE = 10.0


class Addressed(Protocol):
    """What the proxy stands before: any server that says where it is."""

    @property
    def port(self) -> int: ...

    def url(self, *args: Any, **kwargs: Any) -> str: ...


@dataclass(eq=False)
class _Link:
    """One client's connection and the one to the server that goes with it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter

    def reset(self) -> None:
        for side in (self.client, self.server):
            plug = side.get_extra_info("socket")
            with suppress(OSError):
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            side.transport.abort()


class Proxy:
    """Passes on what it gets, unless told otherwise. All may be changed at any time, from any thread.

    delay_seconds  how much later a packet arrives, in each direction; later packets keep their distance, as on a long line
    delays         "first": only the first packet of each direction of a connection; "every": each packet
    bytes_to_client  how many bytes have gone to clients so far
    """

    host = HOST

    def __init__(self, server: Addressed, *, delay_seconds: float = 0.0, delays: Literal["first", "every"] = "first") -> None:
        self.delay_seconds = delay_seconds
        self.delays = delays
        self.bytes_to_client = 0
        self.port = free_port()
        self._behind = server
        self._cut_at: int | None = None
        self._links: set[_Link] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.resume()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, *args: Any, **kwargs: Any) -> str:
        """The server's, by way of this proxy."""
        return self._behind.url(*args, **kwargs).replace(f"{HOST}:{self._behind.port}", f"{HOST}:{self.port}")

    @property
    def connections(self) -> int:
        return len(self._links)

    def cut(self) -> int:
        """Drops all connections at once, without an orderly end (RST); new ones are let in. How many there were."""
        return self._in_loop(self._reset)

    def cut_after(self, amount: int) -> None:
        """Drops all connections as soon as this many further bytes have gone to the client; once."""
        self._cut_at = self.bytes_to_client + amount

    def refuse(self) -> None:
        """Lets no new connection in ("connection refused"); those that are there stay."""
        self._in_loop(self._close_listener)

    def resume(self) -> None:
        """Lets new connections in again."""
        self._in_loop(self._open_listener)

    def close(self) -> None:
        self._in_loop(self._close_listener)
        self._in_loop(self._end)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    def _in_loop(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return asyncio.run_coroutine_threadsafe(work(), self._loop).result(PATIENCE)

    async def _open_listener(self) -> None:
        if self._listener is None:
            self._listener = await asyncio.start_server(self._serve, self.host, self.port)

    async def _close_listener(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
            await asyncio.sleep(0)

    async def _reset(self) -> int:
        links = list(self._links)
        self._links.clear()
        for link in links:
            link.reset()
        await asyncio.sleep(0)
        return len(links)

    async def _end(self) -> None:
        await self._reset()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            from_server, to_server = await asyncio.open_connection(HOST, self._behind.port)
        except OSError:
            to_client.transport.abort()
            return
        link = _Link(to_client, to_server)
        self._links.add(link)
        try:
            await asyncio.gather(self._carry(from_client, to_server, counted=False), self._carry(from_server, to_client, counted=True))
        except (OSError, asyncio.CancelledError):
            link.reset()
        finally:
            self._links.discard(link)
            to_client.close()
            to_server.close()

    async def _carry(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, counted: bool) -> None:
        """One direction: what is read waits in a queue until it is due, so a delay does not narrow the line."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1000)
        await asyncio.gather(self._take(source, queue), self._give(queue, target, counted=counted))

    async def _take(self, source: asyncio.StreamReader, queue: asyncio.Queue[tuple[float, bytes]]) -> None:
        first, due = True, 0.0
        while True:
            chunk = await source.read(CHUNK)
            delay = self.delay_seconds if first or self.delays == "every" else 0.0
            due, first = max(due, self._loop.time() + delay), False
            await queue.put((due, chunk))
            if not chunk:
                return

    async def _give(self, queue: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter, *, counted: bool) -> None:
        while True:
            due, chunk = await queue.get()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if not chunk:
                if target.can_write_eof():
                    target.write_eof()
                return
            if counted:
                chunk = self._allowed(chunk)
            target.write(chunk)
            await target.drain()
            if counted:
                self.bytes_to_client += len(chunk)
                if self._cut_at is not None and self.bytes_to_client >= self._cut_at:
                    self._cut_at = None
                    await self._reset()

    def _allowed(self, chunk: bytes) -> bytes:
        return chunk if self._cut_at is None else chunk[: max(0, self._cut_at - self.bytes_to_client)]
