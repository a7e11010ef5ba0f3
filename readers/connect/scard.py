"""The one place that touches pyscard: its low level, typed, every result checked and turned into our errors.

pyscard is imported when it is first needed. What it returns beside a failure is not to be looked at: it may be memory
that nobody wrote (facts pcsc 2). The ATR comes with the reader's state, so ``SCardStatus`` is not needed.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from enum import IntEnum, IntFlag, unique
from typing import TYPE_CHECKING

from readers.errors import (
    CardRemovedError,
    MissingLibraryError,
    NoCardError,
    NoReaderError,
    NoServiceError,
    PcscError,
    ReaderBusyError,
    ReaderError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType


@unique
class ScardCode(IntEnum):
    """Results of PC/SC calls that we tell apart (pcsc-lite, pcsclite.h)."""

    INVALID_PARAMETER = 0x80100004
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    PROTO_MISMATCH = 0x8010000F
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_ACCESS = 0x80100027
    NO_READERS_AVAILABLE = 0x8010002E
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A


@unique
class CardProtocol(IntFlag):
    """Transmission protocols to allow, and the one that was chosen."""

    T0 = 1
    T1 = 2
    ANY = 3


@unique
class ReaderState(IntFlag):
    """What SCardGetStatusChange says of a reader; the upper 16 bits count its events."""

    UNAWARE = 0
    PRESENT = 0x20
    EXCLUSIVE = 0x80
    IN_USE = 0x100
    MUTE = 0x200


_SHARE_EXCLUSIVE = 1
_SHARE_SHARED = 2
_LEAVE_CARD = 0
_RESET_CARD = 1
_SCOPE_USER = 0


@dataclass(frozen=True, slots=True)
class ReaderStatus:
    """State word (:class:`ReaderState` bits and the event count) and ATR, empty without a powered card."""

    state: int
    atr: bytes


class ScardContext:
    """An established PC/SC context; one thread uses it."""

    def __init__(self, scard: ModuleType, handle: int) -> None:
        self._scard = scard
        self._handle = handle

    @classmethod
    def establish(cls) -> ScardContext:
        """Load pyscard and reach the PC/SC service.

        Raises :class:`MissingLibraryError` or :class:`NoServiceError`.
        """
        scard = _load_pyscard()
        code, handle = scard.SCardEstablishContext(_SCOPE_USER)
        _check(scard, code, "PC/SC")
        return cls(scard, handle)

    def close(self) -> None:
        """Let the context go. A service that is gone has let it go already, so this never fails."""
        self._scard.SCardReleaseContext(self._handle)

    def reader_names(self) -> list[str]:
        """Return the readers in the service's order, none when there is none."""
        code, names = self._scard.SCardListReaders(self._handle, [])
        if _unsigned(code) == ScardCode.NO_READERS_AVAILABLE:
            return []
        _check(self._scard, code, "PC/SC")
        return list(names)

    def statuses(self, known: Mapping[str, int], timeout_ms: int = 0) -> dict[str, ReaderStatus]:
        """Return how the readers in ``known`` are; wait up to ``timeout_ms`` for one to differ from its state there."""
        try:
            code, states = self._scard.SCardGetStatusChange(self._handle, timeout_ms, list(known.items()))
        except UnicodeError as error:
            names = ", ".join(name for name in known if not name.isascii())
            raise PcscError(
                f"pyscard can not ask for a reader whose name is not ASCII: {names}. Rename it in reader.conf",
                f"pyscard 不支持名称含非 ASCII 字符的读卡器:{names}。请在 reader.conf 中改名",
                ScardCode.INVALID_PARAMETER,
            ) from error
        if _unsigned(code) != ScardCode.TIMEOUT:
            _check(self._scard, code, ", ".join(known))
        return {name: ReaderStatus(state, bytes(atr)) for name, state, atr in states}

    def connect(self, reader: str, protocol: CardProtocol, *, exclusive: bool) -> ScardCard:
        """Connect to the card in ``reader``, powering it if need be."""
        share = _SHARE_EXCLUSIVE if exclusive else _SHARE_SHARED
        code, handle, active = self._scard.SCardConnect(self._handle, reader, share, int(protocol))
        _check(self._scard, code, reader)
        return ScardCard(self._scard, reader, handle, share, CardProtocol(active))


class ScardCard:
    """A connected card: PC/SC's card handle."""

    def __init__(self, scard: ModuleType, reader: str, handle: int, share: int, protocol: CardProtocol) -> None:
        self._scard = scard
        self._reader = reader
        self._handle = handle
        self._share = share
        self.protocol = protocol

    def transmit(self, command: bytes) -> bytes:
        """Return the response, never empty."""
        # The result first: beside a failure stands memory that nobody wrote.
        code, response = self._scard.SCardTransmit(self._handle, int(self.protocol), list(command))
        if code:
            _check(self._scard, code, self._reader)
        if not response:
            # A card that goes away inside a command is reported as success without bytes (facts pcsc 2).
            raise _removed(self._reader)
        return bytes(response)

    def reset(self) -> None:
        """Reset the card without removing power, under the same protocol."""
        code, active = self._scard.SCardReconnect(self._handle, self._share, int(self.protocol), _RESET_CARD)
        _check(self._scard, code, self._reader)
        self.protocol = CardProtocol(active)

    def disconnect(self) -> None:
        """Let the card go as it is. A card that is gone is no failure, so this never fails."""
        self._scard.SCardDisconnect(self._handle, _LEAVE_CARD)


def _load_pyscard() -> ModuleType:
    try:
        return importlib.import_module("smartcard.scard")
    except ImportError as error:
        raise MissingLibraryError(
            "PC/SC readers need the Python package pyscard: pip install 'cardsim[pcsc]' "
            "(it is built from source: gcc and libpcsclite-dev first)",
            "使用 PC/SC 读卡器需要 Python 包 pyscard:pip install 'cardsim[pcsc]'"
            "(从源码编译,需先安装 gcc 与 libpcsclite-dev)",
        ) from error


def _unsigned(code: int) -> int:
    return code & 0xFFFFFFFF


def _check(scard: ModuleType, code: int, where: str) -> None:
    if code:
        raise _error(_unsigned(code), where, scard.SCardGetErrorMessage(code))


def _removed(reader: str) -> CardRemovedError:
    return CardRemovedError(
        f"the card in {reader} was removed or lost power; put it back and connect again",
        f"{reader} 中的卡被拔出或断电;请重新插卡并重新连接",
    )


def _error(code: int, where: str, message: str) -> ReaderError:
    match code:
        case ScardCode.NO_SERVICE | ScardCode.SERVICE_STOPPED:
            return _no_service()
        case ScardCode.UNKNOWN_READER | ScardCode.READER_UNAVAILABLE | ScardCode.NO_READERS_AVAILABLE:
            return NoReaderError(f"the reader {where} is not there", f"读卡器 {where} 不存在")
        case ScardCode.NO_SMARTCARD:
            return NoCardError(f"no card in {where}; put one in", f"{where} 中没有卡;请插卡")
        case ScardCode.REMOVED_CARD:
            return _removed(where)
        case ScardCode.UNPOWERED_CARD:
            return CardRemovedError(
                f"the card in {where} does not answer: it is mute or lost power. Put it in again; a card with two "
                "interfaces is mute while another reader uses it",
                f"{where} 中的卡无应答或已断电:请重新插卡;双界面卡在另一读卡器使用期间无应答",
            )
        case ScardCode.SHARING_VIOLATION:
            return ReaderBusyError(
                f"another program uses {where}, it or this one exclusively; close it and try again",
                f"另一程序正在使用 {where}(其中一方要求独占);请关闭它后重试",
            )
        case _:
            hint = _HINTS.get(code, ("", ""))
            return PcscError(
                f"{where}: {message.rstrip('.')} (PC/SC {code:08X}){hint[0]}",
                f"{where}:{message.rstrip('.')}(PC/SC {code:08X}){hint[1]}",
                code,
            )


def _no_service() -> NoServiceError:
    path = os.environ.get("PCSCLITE_CSOCK_NAME")
    where = f" at {path} (PCSCLITE_CSOCK_NAME)" if path else ""
    where_zh = f"(PCSCLITE_CSOCK_NAME={path})" if path else ""
    return NoServiceError(
        f"no PC/SC service answers{where}. Start pcscd (sudo systemctl start pcscd, or pcscd -f; packages pcscd and "
        "libpcsclite1), or scripts/run, which brings a private one",
        f"没有可用的 PC/SC 服务{where_zh}。请启动 pcscd(sudo systemctl start pcscd 或 pcscd -f;软件包 pcscd 与 "
        "libpcsclite1),或运行自带私有服务的 scripts/run",
    )


_POLKIT = (
    "; pcscd refuses this user: add a polkit rule, or start pcscd with --disable-polkit",
    ";pcscd 拒绝当前用户:请添加 polkit 规则,或以 --disable-polkit 启动 pcscd",
)
_HINTS: dict[int, tuple[str, str]] = {
    ScardCode.RESET_CARD: (
        "; another program reset it, so PINs and authentications are gone: reset it too and start again",
        ";另一程序已将其复位,PIN 与认证状态已失效:请复位后重新开始",
    ),
    ScardCode.UNRESPONSIVE_CARD: (
        "; the card gives no answer to reset: is it the right way round, its ATR valid?",
        ";卡没有复位应答:插入方向是否正确,ATR 是否有效?",
    ),
    ScardCode.PROTO_MISMATCH: (
        "; the card's ATR does not offer the protocol asked for, or is not valid: try any protocol",
        ";卡的 ATR 不支持所选协议或无效:请改用任意协议",
    ),
    ScardCode.NO_ACCESS: _POLKIT,
    # Also what pcsc-lite's client says when the service has ended under it.
    ScardCode.SECURITY_VIOLATION: (
        "; the PC/SC service ended, or else" + _POLKIT[0][1:],
        ";PC/SC 服务已终止,或者" + _POLKIT[1][1:],
    ),
}
