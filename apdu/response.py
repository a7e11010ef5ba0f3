from __future__ import annotations

from dataclasses import dataclass

from apdu.errors import ResponseError
from apdu.status import StatusWord


@dataclass(slots=True)
class Response:
    """One response APDU: the data field, then SW1 SW2 (ISO/IEC 7816-4, 5.1)."""

    data: bytes
    sw: StatusWord

    @property
    def ok(self) -> bool:
        """True for 9000 and for 61xx, which also means done, with data to fetch."""
        return self.sw.ok

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, raw: bytes) -> Response:
        """Return the response that ``raw`` spells.

        Raises :class:`ResponseError` when there is no room for a status word.
        """
        if len(raw) < 2:
            raise ResponseError(
                f"a response ends in a two-byte status word; {len(raw)} bytes came: "
                "the card was probably removed during the command",
                f"响应以两字节状态字结尾;只收到 {len(raw)} 字节:卡可能在命令执行中被拔出",
            )
        return cls(raw[:-2], StatusWord.from_bytes(raw[-2:], "big"))
