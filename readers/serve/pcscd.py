"""A private pcscd with virtual readers: own socket, own ports, gone with its owner. Linux; facts pcsc 0 to 3.

pcscd takes its listening socket from whoever starts it (the way systemd does it), so any number of them run beside each
other and beside the system's. vpcd, the reader driver, listens on TCP ports without asking who comes; that is why pcscd
is put into a network namespace where nobody else comes, whenever the kernel permits it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from enum import Enum, unique
from pathlib import Path
from typing import TYPE_CHECKING, Self

from apdu.text import Text
from readers.errors import PcscdError

if TYPE_CHECKING:
    from collections.abc import Sequence

PREFIX_VARIABLE = "CARDSIM_PCSC_PREFIX"
"""Environment variable naming the directory under which pcscd and vpcd were unpacked, when they are not installed."""

_AGENT = Path(__file__).with_name("_pcscd_agent.py")
_DRIVER = "pcsc/drivers/serial/libifdvpcd.so"
_LIBRARY_DIRECTORIES = ("usr/lib", "usr/lib64", "usr/local/lib")
_SBIN = "/usr/sbin:/usr/local/sbin:/sbin"
# 16 readers is pcsc-lite's limit before 2.5, and vpcd makes two slots of every entry (facts pcsc 1).
_MAX_READERS = 8
_SLOTS = 2
_MAX_NAME = 100
_MAX_SOCKET_PATH = 107
_FIRST_PORT = 40_000
_ATTEMPTS = 5
_STOP_SECONDS = 5.0
_LOG_LINES = 10
_READER_FAILED = "init failed"
# CMD_VERSION of the client protocol, 4.4 (facts pcsc 9): pcscd answers it once all its readers are up.
_VERSION_REQUEST = struct.pack("@IIiiI", 12, 0x11, 4, 4, 0)

_INSTALL = Text(
    "install it (sudo apt install pcscd vsmartcard-vpcd), or run scripts/setup.sh, which unpacks it without root",
    "请安装(sudo apt install pcscd vsmartcard-vpcd),或运行 scripts/setup.sh(无需 root,解包到本地)",
)


@unique
class Isolation(Enum):
    """Where a private pcscd runs."""

    AUTO = "auto"
    """Isolated where the kernel permits it, else plain."""
    ISOLATED = "isolated"
    """In user, mount and network namespaces of its own: the driver's ports are reachable through the owner alone."""
    PLAIN = "plain"
    """In the namespaces of its owner; as nobody when the owner is root. The driver listens on every interface."""


class PrivatePcscd:
    """A pcscd of one's own with one virtual reader per name in ``names``; a context manager.

    ``prefix`` is a directory under which pcscd and the driver were unpacked, by default what the environment variable
    ``CARDSIM_PCSC_PREFIX`` names, else the system's are taken. ``timeout`` is in seconds, for the start.

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
        """The readers as PC/SC clients see them, in the order of the names; each also has an unused twin ``00 01``."""
        return tuple(f"{name} 00 00" for name in self._names)

    @property
    def environment(self) -> dict[str, str]:
        """What makes a PC/SC client talk to this pcscd, if set before the process makes its first PC/SC call."""
        return {"PCSCLITE_CSOCK_NAME": str(self._started.socket_path)}

    @property
    def isolated(self) -> bool:
        """Whether pcscd runs in namespaces of its own."""
        return self._started.isolated

    @property
    def pid(self) -> int:
        """The process id of pcscd."""
        return self._started.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start pcscd and return when clients can connect and all readers are there; nothing if it has started.

        Raises :class:`PcscdError` when pcscd or its driver is missing, ends early or is not ready in time.
        """
        if self._instance:
            return
        program = _Program.find(self._prefix or _prefix_from_environment())
        denied = ""
        if self._isolation is not Isolation.PLAIN:
            try:
                self._instance = self._launch(program, _consecutive_ports(len(self._names)), isolated=True)
            except _DeniedError as error:
                if self._isolation is Isolation.ISOLATED:
                    raise
                denied = error.reason
        if not self._instance:
            self._instance = self._launch_plain(program)
            self.warning = _exposed(denied)

    def stop(self) -> None:
        """End pcscd and remove its files; nothing if it does not run."""
        instance, self._instance = self._instance, None
        if instance:
            instance.stop()

    def connect(self, slot: int) -> socket.socket:
        """Return a TCP socket connected to vpcd's port of reader ``slot`` (0 is the first): a card in the reader.

        Closing it removes the card; pcscd notices both within 0.4 s. The socket may be given to another process. A
        reader that has a card takes no second one, which waits in the kernel's queue without a word.

        Raises :class:`PcscdError` when there is no such reader or pcscd has ended.
        """
        if not 0 <= slot < len(self._names):
            raise PcscdError(
                f"there is no reader {slot}; this pcscd has readers 0 to {len(self._names) - 1}",
                f"没有编号为 {slot} 的读卡器;此 pcscd 的读卡器编号为 0 至 {len(self._names) - 1}",
            )
        with self._lock:
            return self._started.connect(slot)

    @property
    def _started(self) -> _Instance:
        if not self._instance:
            raise PcscdError("the private pcscd is not running; start it first", "私有 pcscd 未运行,请先启动")
        return self._instance

    def _launch_plain(self, program: _Program) -> _Instance:
        for _ in range(_ATTEMPTS - 1):
            with contextlib.suppress(_ReaderFailedError):
                return self._launch(program, _free_ports(len(self._names)), isolated=False)
        return self._launch(program, _free_ports(len(self._names)), isolated=False)

    def _launch(self, program: _Program, ports: Sequence[int], *, isolated: bool) -> _Instance:
        deadline = time.monotonic() + self._timeout
        with contextlib.ExitStack() as stack:
            directory = _make_directory()
            stack.callback(shutil.rmtree, directory, ignore_errors=True)
            _configure(directory, program.driver, self._names, ports)
            if not isolated and os.geteuid() == 0:
                directory.chmod(0o755)  # for nobody, who runs pcscd then
            instance = _spawn(program, directory, ports, isolated=isolated)
            stack.callback(instance.stop)
            instance.await_ready(deadline)
            stack.pop_all()
        return instance


class _DeniedError(PcscdError):
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

    directory: Path
    agent: subprocess.Popen[bytes]
    control: socket.socket
    isolated: bool
    pid: int = 0

    @property
    def socket_path(self) -> Path:
        return _socket_path(self.directory)

    def await_ready(self, deadline: float) -> None:
        """Wait until pcscd has answered a first client, or raise."""
        try:
            message = _receive(self.control, deadline)
            status, _, rest = message.partition(" ")
            if status == "denied":
                raise _DeniedError(rest)
            if status != "started":
                raise self._ended()
            self.pid = int(rest)
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_left(deadline))
                client.connect(str(self.socket_path))
                client.sendall(_VERSION_REQUEST)
                answer = _receive(client, deadline)
        except TimeoutError as error:
            raise self._failure("pcscd was not ready in time", "pcscd 未能按时就绪") from error
        except (ConnectionError, BrokenPipeError) as error:
            raise self._ended() from error
        if not answer:
            raise self._ended()
        if _READER_FAILED in self._log():
            raise self._failure("pcscd could not start a reader", "pcscd 无法启动读卡器", _ReaderFailedError)

    def connect(self, slot: int) -> socket.socket:
        try:
            self.control.send(str(slot).encode())
            message, descriptors, _, _ = socket.recv_fds(self.control, 256, 1, socket.MSG_CMSG_CLOEXEC)
        except OSError as error:
            raise self._ended() from error
        if not message:
            raise self._ended()
        if not descriptors:
            reason = message.decode().partition(" ")[2]
            raise self._failure(f"vpcd does not accept a card: {reason}", f"vpcd 不接受卡连接:{reason}")
        connection = socket.socket(fileno=descriptors[0])
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def stop(self) -> None:
        self.control.close()
        try:
            self.agent.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.agent.kill()  # the kernel then kills pcscd
            self.agent.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _ended(self) -> PcscdError:
        return self._failure("pcscd has ended", "pcscd 已退出")

    def _failure(self, en: str, zh: str, kind: type[PcscdError] = PcscdError) -> PcscdError:
        tail = "\n".join(self._log().splitlines()[-_LOG_LINES:]) or "-"
        return kind(f"{en}; the end of its log:\n{tail}", f"{zh};其日志末尾:\n{tail}")

    def _log(self) -> str:
        with contextlib.suppress(OSError):
            return _log_path(self.directory).read_text(errors="replace")
        return ""


def _spawn(program: _Program, directory: Path, ports: Sequence[int], *, isolated: bool) -> _Instance:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with (
        contextlib.ExitStack() as stack,
        theirs,
        socket.socket(socket.AF_UNIX) as listener,
        _log_path(directory).open("ab") as log,
    ):
        stack.enter_context(ours)
        listener.bind(str(_socket_path(directory)))
        listener.listen(64)
        agent = subprocess.Popen(  # noqa: S603  our own file, run by our own interpreter
            [
                *(sys.executable, "-I", "-S", str(_AGENT)),
                *(str(theirs.fileno()), str(listener.fileno())),
                "isolated" if isolated else "plain",
                *(str(directory), program.library_path, ",".join(map(str, ports))),
                *program.command(_configuration_path(directory)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(theirs.fileno(), listener.fileno()),
            start_new_session=True,  # Ctrl-C is for the owner, who then ends pcscd in order
        )
        stack.pop_all()
    return _Instance(directory, agent, ours, isolated)


def _receive(sock: socket.socket, deadline: float) -> str:
    sock.settimeout(_left(deadline))
    message = sock.recv(256)
    sock.settimeout(None)
    return message.decode(errors="replace")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _consecutive_ports(count: int) -> list[int]:
    return [_FIRST_PORT + _SLOTS * index for index in range(count)]


def _free_ports(count: int) -> list[int]:
    """Return ``count`` ports that are free now, each with the one behind it: one per slot."""
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


def _exposed(denied: str) -> Text:
    why = f" (no namespaces: {denied})" if denied else ""
    why_zh = f"(无法使用命名空间:{denied})" if denied else ""
    return Text(
        f"pcscd runs without isolation{why}: vpcd listens on every network interface and asks nobody who they are",
        f"pcscd 未隔离运行{why_zh}:vpcd 在所有网络接口上监听,且不做任何认证",
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
