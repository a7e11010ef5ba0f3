"""A private pcscd with virtual readers: own socket, own ports, gone with its owner. Linux only; facts pcsc 0 to 3.

pcscd takes its listening socket from whoever starts it (the way systemd does it), so any number of them run beside each
other and beside the system's. vpcd, the reader driver, listens on TCP ports without asking who comes; that is why pcscd
is put into a network namespace where nobody else comes, whenever the kernel permits it.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from enum import Enum, unique
from pathlib import Path
from typing import TYPE_CHECKING, Self

from apdu.text import Text
from readers.errors import PcscdError
from readers.serve._pcscd_files import PREFIX_VARIABLE, Installation, WorkingDirectory

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PREFIX_VARIABLE", "Isolation", "PrivatePcscd"]

_AGENT = Path(__file__).with_name("_pcscd_agent.py")
_IPC_DIRECTORY = Path("/run/pcscd")
# 16 readers is pcsc-lite's limit before 2.5, and vpcd makes two slots, each with a port, of every entry (facts pcsc 1).
_MAX_READERS = 8
_SLOTS = 2
_MAX_NAME = 100
_FIRST_PORT = 40_000
_ATTEMPTS = 5
_STOP_SECONDS = 5.0
_CONNECT_SECONDS = 5.0
_LOG_LINES = 10
# What pcscd logs when a reader's first slot, or its second, does not come up; it goes on without it.
_READER_FAILED = re.compile(r"init failed|Open Port \S+ Failed")
# Size, CMD_VERSION, then version 4.4 of the client protocol (facts pcsc 9). Answered once all readers are up.
_VERSION_REQUEST = struct.pack("@IIiiI", 12, 0x11, 4, 4, 0)


@unique
class Isolation(Enum):
    """Where a private pcscd runs."""

    AUTO = "auto"
    """Isolated where the kernel permits it, else plain."""
    ISOLATED = "isolated"
    """In user, mount and network namespaces of its own: the driver's ports are reachable through the owner alone."""
    PLAIN = "plain"
    """In its owner's namespaces; as nobody when the owner is root. The driver listens on every network interface."""


class PrivatePcscd:
    """A pcscd of one's own with one virtual reader per name in ``names``; a context manager.

    ``prefix`` is a directory under which pcscd and the driver were unpacked; by default it is what the environment
    variable ``CARDSIM_PCSC_PREFIX`` names, else the system's are taken. ``timeout`` is in seconds, for the start.

    Raises :class:`PcscdError` for names that pcscd does not take: 1 to 8, distinct, printable ASCII without quotes.
    """

    def __init__(
        self,
        names: Sequence[str] = ("Virtual",),
        *,
        isolation: Isolation = Isolation.AUTO,
        prefix: Path | None = None,
        timeout: float = 10.0,
    ) -> None:
        _check_names(names)
        self._names = tuple(names)
        self._isolation = isolation
        self._prefix = prefix
        self._timeout = timeout
        self._instance: _Instance | None = None
        self._lock = threading.Lock()
        self.warning: Text | None = None
        """After a start without isolation: who else can reach the readers, and why."""

    @property
    def reader_names(self) -> tuple[str, ...]:
        """The readers as PC/SC clients see them, in the order of the names; each has an unused twin ``... 00 01``."""
        return tuple(f"{name} 00 00" for name in self._names)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a PC/SC client talk to this pcscd, if set before the process makes its first PC/SC call."""
        return {"PCSCLITE_CSOCK_NAME": str(self._running.directory.socket)}

    @property
    def isolated(self) -> bool:
        """Whether pcscd runs in namespaces of its own."""
        return self._running.isolated

    @property
    def pid(self) -> int:
        """The process id of pcscd."""
        return self._running.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start pcscd and return when clients can connect and all readers are there; nothing if it runs.

        Raises :class:`PcscdError` when pcscd or its driver is missing, ends early or is not ready in time.
        """
        if self._instance:
            return
        self.warning = None
        installation = Installation.find(self._prefix)
        if self._isolation is Isolation.PLAIN:
            self._start_plain(installation, denied="")
            return
        try:
            self._instance = self._launch(installation, _own_ports(len(self._names)), isolated=True)
        except _DeniedError as error:
            if self._isolation is Isolation.ISOLATED:
                raise
            self._start_plain(installation, error.reason)

    def stop(self) -> None:
        """End pcscd and remove its files; nothing if it does not run."""
        instance, self._instance = self._instance, None
        if instance:
            instance.stop()

    def connect(self, slot: int) -> socket.socket:
        """Return a TCP socket connected to vpcd's port of reader ``slot`` (0 is the first): a card in the reader.

        Closing it removes the card; pcscd notices both within 0.4 s. The socket may be given to another process. A
        reader that has a card takes no second one: that waits in the kernel's queue without a word.

        Raises :class:`PcscdError` when there is no such reader or pcscd has ended.
        """
        last = len(self._names) - 1
        if not 0 <= slot <= last:
            raise PcscdError(
                f"there is no reader {slot}; this pcscd has readers 0 to {last}",
                f"没有编号为 {slot} 的读卡器;此 pcscd 的读卡器编号为 0 至 {last}",
            )
        with self._lock:
            return self._running.connect(slot)

    @property
    def _running(self) -> _Instance:
        if not self._instance:
            raise PcscdError("the private pcscd is not running; start it first", "私有 pcscd 未运行,请先启动")
        return self._instance

    def _start_plain(self, installation: Installation, denied: str) -> None:
        if os.geteuid() != 0 and not _IPC_DIRECTORY.is_dir():
            why, why_zh = _because(denied)
            raise PcscdError(
                f"without isolation{why} pcscd needs the directory {_IPC_DIRECTORY}, which is not there; make it "
                f"(sudo mkdir {_IPC_DIRECTORY}), or let this user have namespaces",
                f"未隔离{why_zh}时 pcscd 需要目录 {_IPC_DIRECTORY},但它不存在;请创建它(sudo mkdir {_IPC_DIRECTORY}),"
                "或允许当前用户使用命名空间",
            )
        attempt = 1
        while not self._instance:
            try:
                self._instance = self._launch(installation, _free_ports(len(self._names)), isolated=False)
            except _ReaderFailedError:
                if attempt == _ATTEMPTS:
                    raise
                attempt += 1
        self.warning = _exposed(denied)

    def _launch(self, installation: Installation, ports: Sequence[int], *, isolated: bool) -> _Instance:
        deadline = time.monotonic() + self._timeout
        with contextlib.ExitStack() as stack:
            directory = WorkingDirectory.make()
            stack.callback(directory.remove)
            directory.configure(installation.driver, self._names, ports)
            if not isolated and os.geteuid() == 0:
                directory.path.chmod(0o755)  # for nobody, who runs pcscd then
            instance = _spawn(installation, directory, ports, isolated=isolated)
            stack.callback(instance.stop)
            instance.await_ready(deadline)
            stack.pop_all()
        return instance


class _DeniedError(PcscdError):
    """The kernel does not permit namespaces."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the kernel does not permit own namespaces ({reason}); allow them, or choose plain isolation",
            f"内核不允许创建命名空间({reason});请放开限制,或选择 plain 模式",
        )
        self.reason = reason


class _ReaderFailedError(PcscdError):
    """A reader did not come up: in plain mode somebody took its port between our choice and pcscd's start."""


@dataclass(slots=True)
class _Instance:
    """A started agent, and pcscd below it."""

    directory: WorkingDirectory
    agent: subprocess.Popen[bytes]
    control: socket.socket
    isolated: bool
    pid: int = 0

    def await_ready(self, deadline: float) -> None:
        """Wait until pcscd has answered a first client; raise what went wrong."""
        try:
            status, _, rest = _receive(self.control, deadline).decode().partition(" ")
            if status == "denied":
                raise _DeniedError(rest)
            if status != "started":
                raise self._ended()
            self.pid = int(rest)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.directory.socket))
                client.sendall(_VERSION_REQUEST)
                answer = _receive(client, deadline)
        except TimeoutError as error:
            raise self._failure(PcscdError, "pcscd was not ready in time", "pcscd 未能按时就绪") from error
        except ConnectionError as error:
            raise self._ended() from error
        if not answer:
            raise self._ended()
        if _READER_FAILED.search(self.directory.read_log()):
            raise self._failure(_ReaderFailedError, "pcscd could not start a reader", "pcscd 无法启动读卡器")

    def connect(self, slot: int) -> socket.socket:
        try:
            self.control.settimeout(_CONNECT_SECONDS)
            self.control.send(str(slot).encode())
            message, descriptors, _, _ = socket.recv_fds(self.control, 256, 1)
        except OSError as error:
            raise self._ended() from error
        if not message:
            raise self._ended()
        if not descriptors:
            reason = message.decode().partition(" ")[2]
            raise self._failure(PcscdError, f"vpcd takes no card: {reason}", f"vpcd 不接受卡连接:{reason}")
        connection = socket.socket(fileno=descriptors[0])
        connection.set_inheritable(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def stop(self) -> None:
        self.control.close()
        try:
            self.agent.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.agent.kill()  # whereupon the kernel kills pcscd
            self.agent.wait()
        self.directory.remove()

    def _ended(self) -> PcscdError:
        return self._failure(PcscdError, "pcscd has ended", "pcscd 已退出")

    def _failure(self, kind: type[PcscdError], en: str, zh: str) -> PcscdError:
        tail = "\n".join(self.directory.read_log().splitlines()[-_LOG_LINES:]) or "-"
        return kind(f"{en}; the end of its log:\n{tail}", f"{zh};其日志末尾:\n{tail}")


def _spawn(
    installation: Installation, directory: WorkingDirectory, ports: Sequence[int], *, isolated: bool
) -> _Instance:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with (
        contextlib.ExitStack() as stack,
        theirs,
        socket.socket(socket.AF_UNIX) as listener,
        directory.log.open("ab") as log,
    ):
        stack.enter_context(ours)
        listener.bind(str(directory.socket))
        listener.listen(64)
        agent = subprocess.Popen(  # noqa: S603  our own file, run by our own interpreter
            [
                *(sys.executable, "-I", "-S", str(_AGENT)),
                *(str(theirs.fileno()), str(listener.fileno())),
                "isolated" if isolated else "plain",
                *(str(directory.path), installation.library_path, ",".join(map(str, ports))),
                *installation.command(directory.configuration),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(theirs.fileno(), listener.fileno()),
            start_new_session=True,  # Ctrl-C is for the owner, who then ends pcscd in order
        )
        stack.pop_all()
    return _Instance(directory, agent, ours, isolated)


def _receive(sock: socket.socket, deadline: float) -> bytes:
    sock.settimeout(max(deadline - time.monotonic(), 0.001))
    return sock.recv(256)


def _own_ports(count: int) -> list[int]:
    """Return ports for a network namespace that is ours alone."""
    return [_FIRST_PORT + _SLOTS * index for index in range(count)]


def _free_ports(count: int) -> list[int]:
    """Return ``count`` ports that are free now, each with the one behind it for the second slot."""
    ports: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(ports) < count:
            first = stack.enter_context(socket.socket())
            second = stack.enter_context(socket.socket())
            first.bind(("", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("", port + 1))
                ports.append(port)
    return ports


def _because(denied: str) -> tuple[str, str]:
    return (f" (no namespaces: {denied})", f"(无法使用命名空间:{denied})") if denied else ("", "")


def _exposed(denied: str) -> Text:
    why, why_zh = _because(denied)
    return Text(
        f"pcscd runs without isolation{why}: vpcd listens on every network interface and takes any card that comes",
        f"pcscd 未隔离运行{why_zh}:vpcd 在所有网络接口上监听,接受任何来源的卡",
    )


def _check_names(names: Sequence[str]) -> None:
    if not 1 <= len(names) <= _MAX_READERS:
        raise PcscdError(
            f"{len(names)} readers asked for; one pcscd takes 1 to {_MAX_READERS}",
            f"请求了 {len(names)} 个读卡器;一个 pcscd 支持 1 至 {_MAX_READERS} 个",
        )
    for name in names:
        fits = 1 <= len(name) <= _MAX_NAME and name.isascii() and name.isprintable() and '"' not in name
        if not fits or names.count(name) > 1:
            raise PcscdError(
                f"{name!r} is no reader name here: give distinct ones of 1 to {_MAX_NAME} printable ASCII characters "
                "without quotes",
                f"{name!r} 不能作为读卡器名称:须互不相同,1 至 {_MAX_NAME} 个可打印 ASCII 字符,不含引号",
            )
