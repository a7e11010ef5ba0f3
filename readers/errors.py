from __future__ import annotations

from typing import TYPE_CHECKING

from apdu.text import BilingualError

if TYPE_CHECKING:
    from apdu import StatusWord


class ReaderError(BilingualError):
    """Root of this package's errors: a reader, a card in it, or the road to them fails."""


class PcscError(ReaderError):
    """A PC/SC call failed. ``code`` is the SCARD_ number, 32 bits unsigned (80100068 and so on)."""

    def __init__(self, en: str, zh: str, code: int) -> None:
        super().__init__(en, zh)
        self.code = code


class NoServiceError(ReaderError):
    """No PC/SC service (pcscd) can be reached."""


class NoReaderError(ReaderError):
    """No reader is there, none bears the name asked for, or several do."""


class NoCardError(ReaderError):
    """The reader is there, but no card in it."""


class CardRemovedError(ReaderError):
    """The card was removed or lost power while it was connected."""


class ReaderBusyError(ReaderError):
    """Another program holds the reader exclusively, or is connected where exclusive use was asked for."""


class ClosedError(ReaderError):
    """A connection was used after its ``close()``."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the connection to {name} is closed", f"与 {name} 的连接已关闭")


class CardProtocolError(ReaderError):
    """The card's answers make no sense as a conversation: more data announced without end."""


class MissingLibraryError(ReaderError):
    """An optional Python package is not installed; the message has the command that installs it."""


class VpcdError(ReaderError):
    """The card can not be given to vpcd: nobody listens, the slot is taken, or the road broke."""


class PcscdError(ReaderError):
    """A private pcscd can not be started or stopped."""


class TraceError(ReaderError):
    """A trace can not be written or read, or a line of it is not what the format says."""


class ReplayError(ReaderError):
    """A program sent what the trace being replayed does not have next."""


class CardRefusedError(ReaderError):
    """The card refused what everything else depends on; ``status`` is its word for it, if it was one."""

    def __init__(self, en: str, zh: str, status: StatusWord | None = None) -> None:
        super().__init__(en, zh)
        self.status = status


class PcscServiceError(ReaderError):
    """Our own PC/SC service can not do what was asked: no such reader, no reader free, or no place for its socket."""


class WrongRequestError(ReaderError):
    """A client of our PC/SC service sent what no client library sends; its connection ends."""
