"""Answer to select of a contactless card of type A: read, build, explain (ISO/IEC 14443-4:2018, 5.2)."""

from __future__ import annotations

from typing import Self

from apdu.errors import AtrError
from apdu.historical import explain_historical
from apdu.lines import by_default, joined, labelled
from apdu.text import Text

_NAMES = {"TA1": 0x10, "TB1": 0x20, "TC1": 0x40}
_MAX_SIZE = 254  # the largest frame a reader takes, 256, less its checksum
_FSC = (16, 24, 32, 40, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096)
_DEFAULT_FSCI = 2
_DEFAULT_FWI = 4
_DEFAULT_TC1 = 2
_CARRIER_MHZ = 13.56
_RATES = ("212", "424", "848")


class Ats(bytes):
    """An answer to select, 1 to 254 bytes from TL on, without the checksum of the frame.

    The constructor refuses anything else with :class:`AtrError`, as :meth:`parse` says.
    """

    _interface: dict[str, int]

    def __new__(cls, raw: bytes) -> Self:
        """Return the checked value."""
        if not 1 <= len(raw) <= _MAX_SIZE:
            raise AtrError(
                f"an ATS has 1 to {_MAX_SIZE} bytes; these are {len(raw)}",
                f"ATS 为 1 至 {_MAX_SIZE} 字节;这里有 {len(raw)} 字节",
            )
        if raw[0] != len(raw):
            raise AtrError(
                f"TL says {raw[0]} bytes, there are {len(raw)}; an ATS begins with TL and goes without checksum",
                f"TL 表示 {raw[0]} 字节,实有 {len(raw)} 字节;ATS 以 TL 开始且不含校验码",
            )
        ats = super().__new__(cls, raw)
        names = [name for name, flag in _NAMES.items() if raw[1:2] and raw[1] & flag]
        if names and len(raw) < 2 + len(names):
            cut = names[len(raw) - 2]
            raise AtrError(
                f"the ATS ends before {cut}, which T0={raw[1]:02X} announces", f"ATS 在 T0 声明的 {cut} 之前结束"
            )
        ats._interface = dict(zip(names, raw[2:], strict=False))
        return ats

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """Return the answer to select that ``raw`` spells.

        Raises :class:`AtrError` when TL is not its length, or an interface byte that T0 announces does not come.
        """
        return cls(raw)

    @property
    def t0(self) -> int | None:
        """The format byte; an ATS of TL alone has none."""
        return self[1] if len(self) > 1 else None

    @property
    def ta1(self) -> int | None:
        """The bit rates."""
        return self._interface.get("TA1")

    @property
    def tb1(self) -> int | None:
        """The times: FWI and SFGI."""
        return self._interface.get("TB1")

    @property
    def tc1(self) -> int | None:
        """The protocol options: NAD and CID."""
        return self._interface.get("TC1")

    @property
    def historical_bytes(self) -> bytes:
        """The historical bytes."""
        return self[2 + len(self._interface) :]

    @property
    def fsci(self) -> int:
        """The size of frames the card takes, as a code: 2 when T0 is absent."""
        return _DEFAULT_FSCI if self.t0 is None else self.t0 & 0xF

    @property
    def fsc(self) -> int:
        """The longest frame the card takes, in bytes with prologue and checksum; reserved codes count as 4,096."""
        return _FSC[min(self.fsci, len(_FSC) - 1)]

    @property
    def fwi(self) -> int:
        """Frame waiting time as a code: 4 when TB1 is absent or holds the reserved 15."""
        fwi = _DEFAULT_FWI if self.tb1 is None else self.tb1 >> 4
        return _DEFAULT_FWI if fwi == 15 else fwi

    @property
    def fwt_us(self) -> float:
        """Frame waiting time in microseconds: how long the card may take to begin its answer."""
        return _microseconds(self.fwi)

    @property
    def sfgi(self) -> int:
        """Start-up frame guard time as a code: 0, none needed, when TB1 is absent or holds the reserved 15."""
        sfgi = 0 if self.tb1 is None else self.tb1 & 0xF
        return 0 if sfgi == 15 else sfgi

    @property
    def sfgt_us(self) -> float:
        """Start-up frame guard time in microseconds: how long the reader waits after the ATS."""
        return _microseconds(self.sfgi) if self.sfgi else 0.0

    @property
    def nad(self) -> bool:
        """True when the card takes a node address."""
        return bool(self._options & 1)

    @property
    def cid(self) -> bool:
        """True when the card takes a card identifier, also when TC1 is absent."""
        return bool(self._options & 2)

    @property
    def _options(self) -> int:
        return _DEFAULT_TC1 if self.tc1 is None else self.tc1


def _microseconds(code: int) -> float:
    """Return 256 x 16 / fc x 2^code (ISO/IEC 14443-4, 7.2)."""
    return (256 * 16 << code) / _CARRIER_MHZ


def build_ats(
    historical: bytes = b"", *, fsci: int = 8, ta1: int | None = None, tb1: int | None = None, tc1: int | None = None
) -> Ats:
    """Return the ATS with T0, these interface bytes and historical bytes; TL and the flags of T0 are computed.

    Raises :class:`AtrError` when a value does not fit its place, or all together not into 254 bytes.
    """
    interface = {"TA1": ta1, "TB1": tb1, "TC1": tc1}
    given = {name: value for name, value in interface.items() if value is not None}
    if not 0 <= fsci <= 15:
        raise AtrError(f"FSCI is {fsci}; it is four bits, 0 to 15", f"FSCI 为 {fsci};它只有四位,0 至 15")
    for name, value in given.items():
        if not 0 <= value <= 0xFF:
            raise AtrError(f"{name} is {value}; it is one byte", f"{name} 为 {value};它只有一个字节")
    size = 2 + len(given) + len(historical)
    if size > _MAX_SIZE:
        raise AtrError(
            f"the ATS would have {size} bytes; it holds at most {_MAX_SIZE}",
            f"ATS 将有 {size} 字节;最多 {_MAX_SIZE} 字节",
        )
    t0 = fsci | sum(_NAMES[name] for name in given)
    return Ats(bytes((size, t0, *given.values())) + historical)


def explain(ats: Ats) -> tuple[Text, ...]:
    """Return what ``ats`` says, line by line, in both languages."""
    length = Text(f"length {len(ats)}", f"长度 {len(ats)}")
    return (
        labelled(f"TL={ats[0]:02X}", length),
        _line("T0", ats.t0, _frames(ats)),
        _line("TA1", ats.ta1, _bit_rates(ats.ta1 or 0)),
        _line("TB1", ats.tb1, _times(ats)),
        _line("TC1", ats.tc1, _options(ats)),
        *explain_historical(ats.historical_bytes),
    )


def _line(name: str, value: int | None, meaning: Text) -> Text:
    return by_default(name, meaning) if value is None else labelled(f"{name}={value:02X}", meaning)


def _frames(ats: Ats) -> Text:
    return Text(
        f"FSCI={ats.fsci}: frames of up to {ats.fsc} bytes to the card",
        f"FSCI={ats.fsci}: 卡接收的帧最多 {ats.fsc} 字节",
    )


def _bit_rates(ta1: int) -> Text:
    """Name the rates of both directions; TA1 with its reserved bit counts as 00 (5.2.4)."""
    if ta1 & 0x08:
        ta1 = 0
    sends = "/".join(("106", *(rate for bit, rate in enumerate(_RATES, start=4) if ta1 >> bit & 1)))
    takes = "/".join(("106", *(rate for bit, rate in enumerate(_RATES) if ta1 >> bit & 1)))
    rates = Text(f"sends {sends}, takes {takes} kbit/s", f"发送 {sends}、接收 {takes} kbit/s")
    if not ta1 & 0x80:
        return rates
    return joined((rates, Text("the same rate both ways", "双向须同速率")))


def _times(ats: Ats) -> Text:
    fwt, sfgt = f"{ats.fwt_us:.0f}", f"{ats.sfgt_us:.0f}"
    return Text(
        f"FWI={ats.fwi}: answers begin within {fwt} µs; SFGI={ats.sfgi}: wait {sfgt} µs after the ATS",
        f"FWI={ats.fwi}: 应答在 {fwt} µs 内开始; SFGI={ats.sfgi}: ATS 后等待 {sfgt} µs",
    )


def _options(ats: Ats) -> Text:
    nad, cid = ("yes" if option else "no" for option in (ats.nad, ats.cid))
    nad_zh, cid_zh = ("支持" if option else "不支持" for option in (ats.nad, ats.cid))
    return Text(f"NAD {nad}, CID {cid}", f"NAD {nad_zh},CID {cid_zh}")
