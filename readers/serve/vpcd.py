"""Serve one card to vpcd, the virtual reader driver of vsmartcard, over a connected socket.

The card is the client: it connects to the slot's TCP port, then vpcd sends frames of a two-byte big-endian length and a
body. A body of one byte is a control; any other is a command APDU, answered by a frame. Source: facts pcsc 2.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from enum import IntEnum, unique
from typing import TYPE_CHECKING

from readers.errors import VpcdError

if TYPE_CHECKING:
    from apdu.ports import CardPort

DEFAULT_PORT = 35_963
"""The first slot's TCP port in vpcd's own configuration (0x8C7B)."""

_MAX_BODY = 0xFFFF
_MAX_ATR = 33
_CHUNK = 4096
_WRONG_LENGTH = b"\x67\x00"
_UNEXPECTED = b"\x6f\x00"
# vpcd has no word for a mute card: it takes any answer for a card that is there, and one of this length for no ATR.
_MUTE = bytes(_MAX_ATR + 1)
# How often a silent socket lets the loop see stop(): a kernel timeout, so that the busy loop pays nothing for it.
_WAKE = struct.pack("@ll", 0, 100_000)


@unique
class Control(IntEnum):
    """One-byte bodies: the reader's own events."""

    POWER_OFF = 0x00
    POWER_ON = 0x01
    RESET = 0x02
    SEND_ATR = 0x04


class FrameDecoder:
    """Cut a byte stream into frame bodies, wherever the stream was torn. No I/O."""

    __slots__ = ("_buffer", "missing")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.missing = 0
        """Bytes that the frame begun still needs at least, as of the last :meth:`next_body`; 0 between frames."""

    def feed(self, chunk: bytes) -> None:
        """Append what the stream brought."""
        self._buffer += chunk

    def next_body(self) -> bytes | None:
        """Take the next whole frame and return its body, ``None`` when there is none yet."""
        buffer = self._buffer
        size = len(buffer)
        if size < 2:
            self.missing = 2 - size if size else 0
            return None
        end = 2 + (buffer[0] << 8 | buffer[1])
        if size < end:
            self.missing = end - size
            return None
        body = bytes(buffer[2:end])
        del buffer[:end]
        return body


class VpcdServer:
    """One card behind one connected vpcd socket. The thread in :meth:`run` owns the card; the caller owns the socket.

    ``grace`` is how many seconds :meth:`run` waits, once stopped, for the rest of a frame that has begun.
    """

    def __init__(self, port: CardPort, sock: socket.socket, *, grace: float = 1.0) -> None:
        self._port = port
        self._sock = sock
        self._grace = grace
        self._tcp = sock.family in (socket.AF_INET, socket.AF_INET6)
        self._decoder = FrameDecoder()
        self._stopping = False
        self._leave_at: float | None = None

    def stop(self) -> None:
        """Let :meth:`run` return within 0.1 s, after the frame in hand; for other threads and signal handlers."""
        self._stopping = True

    def run(self) -> None:
        """Answer until the peer closes or :meth:`stop` is called, then take the card's power away.

        Raises :class:`VpcdError` when the peer closes inside a frame, the socket fails, or the card has no usable ATR.
        """
        try:
            self._prepare()
            while not (self._stopping and self._may_leave()) and (chunk := self._receive()) != b"":
                if chunk is not None and not self._answer(chunk):
                    break
        finally:
            self._port.power_off()

    def _prepare(self) -> None:
        try:
            self._sock.settimeout(None)
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _WAKE)
        except OSError as error:
            raise _broken(error) from error

    def _receive(self) -> bytes | None:
        """Return what came, ``None`` when nothing came for a while, ``b""`` when the peer has gone between frames."""
        missing = self._decoder.missing
        try:
            if self._tcp:
                _quick_ack(self._sock)
            # Inside a frame no byte beyond it is taken, so that stop() finds a frame's end.
            chunk = self._sock.recv(missing or _CHUNK)
        except BlockingIOError:
            return None
        except ConnectionResetError:
            chunk = b""
        except OSError as error:
            raise _broken(error) from error
        if missing and not chunk:
            raise VpcdError(
                f"vpcd closed the connection inside a frame; at least {missing} bytes were still to come",
                f"vpcd 在一帧中间关闭了连接,至少还缺 {missing} 字节",
            )
        return chunk

    def _answer(self, chunk: bytes) -> bool:
        """Answer the frames that ``chunk`` completes; ``False`` when the peer has gone."""
        decoder = self._decoder
        decoder.feed(chunk)
        while (body := decoder.next_body()) is not None:
            response = self._port.transmit(body) if len(body) > 1 else self._control(body)
            if response is None:
                continue
            if not 2 <= len(response) <= _MAX_BODY:
                # vpcd waits for ever on an empty answer, and a longer one does not fit a frame.
                response = _UNEXPECTED
            try:
                self._sock.sendall(len(response).to_bytes(2, "big") + response)
            except (BrokenPipeError, ConnectionResetError):
                return False
            except OSError as error:
                raise _broken(error) from error
        return True

    def _control(self, body: bytes) -> bytes | None:
        """Act on a body of no or one byte; the card never sees one, since APDUs and controls would be confused."""
        match body[0] if body else None:
            case Control.POWER_OFF:
                self._port.power_off()
            case Control.POWER_ON:
                self._port.power_on()
            case Control.RESET:
                self._port.reset()
            case Control.SEND_ATR:
                return self._atr()
            case _:
                return _WRONG_LENGTH
        return None

    def _atr(self) -> bytes:
        atr = self._port.atr
        if not atr:
            return _MUTE
        if not 2 <= len(atr) <= _MAX_ATR:
            raise VpcdError(
                f"the card's ATR has {len(atr)} bytes; pcscd takes 2 to {_MAX_ATR}. Correct it in the card's profile",
                f"卡的 ATR 有 {len(atr)} 字节;pcscd 只接受 2 至 {_MAX_ATR} 字节。请在卡的配置中更正",
            )
        return atr

    def _may_leave(self) -> bool:
        """After stop(): between frames at once, inside one when its rest does not come in time."""
        if not self._decoder.missing:
            return True
        now = time.monotonic()
        if self._leave_at is None:
            self._leave_at = now + self._grace
        return now >= self._leave_at


def connect_vpcd(host: str = "127.0.0.1", port: int = DEFAULT_PORT, timeout: float = 2.0) -> socket.socket:
    """Return a socket on which vpcd has begun to talk; closing it takes the card out of the reader.

    vpcd asks its card for the ATR every 0.4 s, but the kernel also accepts a second card for a slot and lets it wait:
    so a connection that stays silent for ``timeout`` seconds is one too many (facts pcsc 2).

    Raises :class:`VpcdError` when nobody listens, the slot is in use or the host is not reachable.
    """
    where = f"{host}:{port}"
    try:
        sock = socket.create_connection((host, port), timeout)
    except OSError as error:
        raise _connect_error(where, error) from error
    with contextlib.ExitStack() as stack:
        stack.enter_context(sock)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            _quick_ack(sock)
            first = sock.recv(1, socket.MSG_PEEK)
            sock.settimeout(None)
        except TimeoutError as error:
            raise VpcdError(
                f"the slot at {where} is in use (or not vpcd's): it accepted the connection, then said nothing for "
                f"{timeout:g} s. Take the other card out, or use another slot",
                f"{where} 的卡槽已被占用(或不属于 vpcd):连接被接受,但 {timeout:g} 秒内没有数据。"
                "请取出另一张卡,或改用其他卡槽",
            ) from error
        except OSError as error:
            raise _connect_error(where, error) from error
        if not first:
            raise VpcdError(
                f"{where} closed the connection at once: is vpcd listening there, or another program?",
                f"{where} 立即关闭了连接:在该端口监听的是 vpcd 吗?",
            )
        stack.pop_all()
    return sock


def _connect_error(where: str, error: OSError) -> VpcdError:
    match error:
        case ConnectionRefusedError():
            return VpcdError(
                f"nobody listens at {where}. Start pcscd with the vpcd driver (sudo systemctl start pcscd, or "
                "pcscd -f; package vsmartcard-vpcd), or scripts/run, which brings a private one",
                f"{where} 无人监听。请启动带 vpcd 驱动的 pcscd(sudo systemctl start pcscd 或 pcscd -f;"
                "软件包 vsmartcard-vpcd),或运行自带私有 pcscd 的 scripts/run",
            )
        case TimeoutError():
            return VpcdError(
                f"{where} does not answer: the slot's queue is full (another card waits), or the host is not reachable",
                f"{where} 没有响应:卡槽的等待队列已满(另有卡在等待),或主机不可达",
            )
        case _:
            reason = error.strerror or str(error)
            return VpcdError(f"can not connect to vpcd at {where}: {reason}", f"无法连接 {where} 的 vpcd:{reason}")


def _broken(error: OSError) -> VpcdError:
    return VpcdError(f"the connection to vpcd broke: {error.strerror}", f"与 vpcd 的连接中断:{error.strerror}")


def _quick_ack(sock: socket.socket) -> None:
    """Acknowledge at once what comes next: the kernel forgets this wish, so it is repeated before every recv.

    vpcd 0.8 writes length and body apart, and Nagle's algorithm holds the body back until the length is acknowledged:
    without this 21 commands per second, with it 18,000 (facts pcsc 0).
    """
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
