from __future__ import annotations

from typing import TYPE_CHECKING

from readers.errors import CardRemovedError, ClosedError, ReplayError
from readers.trace import mask_secrets

if TYPE_CHECKING:
    from readers.trace import Exchange, Trace


class ReplayConnection:
    """A connection that answers from a trace, as the recorded card did.

    ``strict``: the commands must come as recorded, one by one. Otherwise a command skips ahead to its next occurrence.
    Bytes hidden in the trace match any. A recorded command without response answers as it did: the card was removed.
    """

    def __init__(self, trace: Trace, *, strict: bool = True) -> None:
        self._trace = trace
        self._strict = strict
        self._next = 0
        self._closed = False

    @property
    def name(self) -> str:
        """The trace's name."""
        return self._trace.source

    @property
    def atr(self) -> bytes:
        """The recorded answer to reset, empty when the trace has none."""
        return self._trace.atr

    @property
    def remaining(self) -> tuple[Exchange, ...]:
        """The exchanges not asked for yet."""
        return self._trace.exchanges[self._next :]

    def transmit(self, command: bytes) -> bytes:
        """Return the recorded response to ``command``.

        Raises :class:`ReplayError` naming the trace's line and both commands, :class:`CardRemovedError` where no
        response was recorded.
        """
        self._check_open()
        candidates = self.remaining[:1] if self._strict else self.remaining
        for offset, exchange in enumerate(candidates, 1):
            if exchange.command.matches(command):
                self._next += offset
                if not exchange.response:
                    raise CardRemovedError(
                        f"{self.name}, line {exchange.line}: the card did not answer when this was recorded",
                        f"{self.name} 第 {exchange.line} 行:录制时卡没有响应",
                    )
                return exchange.response
        raise self._mismatch(command)

    def reset(self) -> bytes:
        """Return the recorded ATR; the place in the trace stays."""
        self._check_open()
        return self.atr

    def close(self) -> None:
        """Close; a second call does nothing."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise ClosedError(self.name)

    def _mismatch(self, command: bytes) -> ReplayError:
        sent = mask_secrets(command)
        if not self.remaining:
            return ReplayError(
                f"{self.name} ends here, but {sent} was sent", f"{self.name} 已结束,但程序又发送了 {sent}"
            )
        expected = self.remaining[0]
        found = "is next" if self._strict else "and what follows it does not match"
        found_zh = "应为下一条" if self._strict else "及其后均不匹配"
        return ReplayError(
            f"{self.name}, line {expected.line}: {expected.command} {found}, but {sent} was sent",
            f"{self.name} 第 {expected.line} 行:{expected.command} {found_zh},但程序发送了 {sent}",
        )
