"""Cards in PC/SC readers: list the readers, choose one as a person would name it, connect."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apdu.text import Text
from readers.connect.scard import CardProtocol, ReaderState, ScardCode, ScardContext
from readers.errors import ClosedError, NoCardError, NoReaderError, PcscError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from readers.connect.scard import ReaderStatus, ScardCard
    from readers.trace import Clock

__all__ = ["CardProtocol", "PcscConnection", "ReaderInfo", "choose_reader", "connect", "list_readers", "wait_for_card"]

# pcsc-lite's pseudo-reader whose state changes when a reader comes or goes.
_PLUG_AND_PLAY = r"\\?PnP?\Notification"
# PC/SC's wait can not be interrupted from the keyboard, so it is cut into pieces.
_SLICE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class ReaderInfo:
    """One reader as it is now. ``number`` counts from 1 in the service's order; ``atr`` is empty without a card.

    ``in_use``: some program is connected; ``exclusive``: it lets no other in; ``mute``: the card gives no ATR.
    """

    number: int
    name: str
    card_present: bool
    atr: bytes = b""
    in_use: bool = False
    exclusive: bool = False
    mute: bool = False


class PcscConnection:
    """A connection to the card in a PC/SC reader; :func:`connect` makes one. One thread uses it."""

    def __init__(self, context: ScardContext, card: ScardCard, name: str, atr: bytes) -> None:
        self._context = context
        self._card = card
        self._name = name
        self._atr = atr
        self._closed = False

    @property
    def name(self) -> str:
        """The reader's name."""
        return self._name

    @property
    def atr(self) -> bytes:
        """Answer to reset, as of the last one."""
        return self._atr

    @property
    def protocol(self) -> CardProtocol:
        """The protocol in use, T=0 or T=1."""
        return self._card.protocol

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU and return the response APDU.

        Raises :class:`CardRemovedError`, :class:`PcscError` (code RESET_CARD when another program reset the card) and
        the other errors of this package. A command of no or one byte is refused here: a virtual reader would take it
        for an event and hang (facts pcsc 0).
        """
        self._check_open()
        if len(command) < 2:
            raise PcscError(
                f"a command of {len(command)} bytes can not be sent through PC/SC; a command has at least 4",
                f"无法通过 PC/SC 发送 {len(command)} 字节的命令;命令至少 4 字节",
                ScardCode.INVALID_PARAMETER,
            )
        return self._card.transmit(command)

    def reset(self) -> bytes:
        """Reset the card without removing power and return the ATR; also the way on after another program's reset."""
        self._check_open()
        self._card.reset()
        self._atr = _atr(self._context, self._name)
        return self._atr

    def close(self) -> None:
        """Let go of the card and leave it as it is; a second call does nothing."""
        if not self._closed:
            self._closed = True
            self._card.disconnect()
            self._context.close()

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(self._name)


def list_readers() -> tuple[ReaderInfo, ...]:
    """Return the readers that the PC/SC service has now.

    Raises :class:`NoServiceError` or :class:`MissingLibraryError`.
    """
    with contextlib.closing(ScardContext.establish()) as context:
        return _infos(_statuses(context))


def connect(
    reader: str | int | None = None, *, protocol: CardProtocol = CardProtocol.ANY, exclusive: bool = False
) -> PcscConnection:
    """Connect to the card in ``reader``, which :func:`choose_reader` finds.

    Raises :class:`NoServiceError`, :class:`NoReaderError`, :class:`NoCardError`, :class:`ReaderBusyError`,
    :class:`MissingLibraryError` or :class:`PcscError`.
    """
    with contextlib.ExitStack() as undo:
        context = undo.enter_context(contextlib.closing(ScardContext.establish()))
        name = choose_reader(_infos(_statuses(context)), reader).name
        card = context.connect(name, protocol, exclusive=exclusive)
        undo.callback(card.disconnect)
        connection = PcscConnection(context, card, name, _atr(context, name))
        undo.pop_all()
    return connection


def wait_for_card(
    timeout: float | None = None, reader: str | int | None = None, *, clock: Clock = time.monotonic
) -> ReaderInfo:
    """Wait until a card is in ``reader`` (any reader, if ``None``) and return that reader; at once if it is there.

    Readers that are plugged in meanwhile count. Raises :class:`NoCardError` after ``timeout`` seconds, and
    :class:`NoReaderError` when several of the readers meant have a card.
    """
    deadline = None if timeout is None else clock() + timeout
    plug_and_play = int(ReaderState.UNAWARE)
    with contextlib.closing(ScardContext.establish()) as context:
        while True:
            statuses = _statuses(context)
            infos = _infos(statuses)
            if any(info.card_present for info in _matching(infos, reader)):
                return choose_reader(infos, reader)
            left = _SLICE_SECONDS if deadline is None else min(_SLICE_SECONDS, deadline - clock())
            if left <= 0:
                raise _no_card(infos, timeout or 0)
            known = {name: status.state for name, status in statuses.items()} | {_PLUG_AND_PLAY: plug_and_play}
            plug_and_play = context.statuses(known, round(left * 1000))[_PLUG_AND_PLAY].state


def choose_reader(readers: Sequence[ReaderInfo], wanted: str | int | None = None) -> ReaderInfo:
    """Return the reader that ``wanted`` means: a number from 1, a name, or a part of one in any case.

    Where several are meant, or none is named, it is the only one of them with a card. Raises :class:`NoReaderError` or
    :class:`NoCardError`, listing the readers.
    """
    if not readers:
        raise NoReaderError(
            "there is no reader; plug one in, or start an emulated one with scripts/run",
            "没有读卡器;请连接读卡器,或用 scripts/run 启动模拟读卡器",
        )
    matches = _matching(readers, wanted)
    if not matches:
        listed = _listed(readers)
        raise NoReaderError(
            f"no reader is called {wanted!r}; there are: {listed.en}", f"没有名为 {wanted!r} 的读卡器;现有:{listed.zh}"
        )
    with_card = [info for info in matches if info.card_present]
    if not with_card:
        raise _no_card(matches)
    if len(with_card) > 1:
        listed = _listed(with_card)
        raise NoReaderError(
            f"several readers have a card; say which, by number or name: {listed.en}",
            f"多个读卡器中有卡,请用序号或名称指定:{listed.zh}",
        )
    return with_card[0]


def _matching(readers: Sequence[ReaderInfo], wanted: str | int | None) -> Sequence[ReaderInfo]:
    if wanted is None:
        return readers
    if isinstance(wanted, int):
        return [info for info in readers if info.number == wanted]
    text = wanted.strip().casefold()
    if text.isdecimal() and (numbered := _matching(readers, int(text))):
        return numbered
    exact = [info for info in readers if info.name.casefold() == text]
    return exact or [info for info in readers if text in info.name.casefold()]


def _statuses(context: ScardContext) -> Mapping[str, ReaderStatus]:
    names = context.reader_names()
    return context.statuses(dict.fromkeys(names, int(ReaderState.UNAWARE))) if names else {}


def _infos(statuses: Mapping[str, ReaderStatus]) -> tuple[ReaderInfo, ...]:
    return tuple(
        ReaderInfo(
            number,
            name,
            card_present=bool(status.state & ReaderState.PRESENT),
            atr=status.atr,
            in_use=bool(status.state & ReaderState.IN_USE),
            exclusive=bool(status.state & ReaderState.EXCLUSIVE),
            mute=bool(status.state & ReaderState.MUTE),
        )
        for number, (name, status) in enumerate(statuses.items(), 1)
    )


def _atr(context: ScardContext, name: str) -> bytes:
    return context.statuses({name: int(ReaderState.UNAWARE)})[name].atr


def _no_card(readers: Sequence[ReaderInfo], seconds: float = 0) -> NoCardError:
    listed = _listed(readers)
    within, within_zh = (f" within {seconds:g} s", f"({seconds:g} 秒内)") if seconds else ("", "")
    return NoCardError(f"no card{within} in: {listed.en}", f"没有卡{within_zh}:{listed.zh}")


def _listed(readers: Iterable[ReaderInfo]) -> Text:
    readers = list(readers)
    return Text(
        "; ".join(f"{info.number} {info.name} ({'card' if info.card_present else 'empty'})" for info in readers)
        or "no reader",
        ";".join(f"{info.number} {info.name}({'有卡' if info.card_present else '无卡'})" for info in readers)
        or "无读卡器",
    )
