"""Proving keys and PINs to a card of the HRSS zone, and writing to it: steps of terminals, as scripts.

A terminal holds no key: it asks a `keys.hsm.TerminalKeys` for each cryptogram. Source: facts hrss-card 4.2 to 5,
terminal-interface 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from apdu import Command, CommandError, Response, StatusWord, Sw, Text
from cardsim.errors import NumberError
from cardsim.zones.access import Key, terms
from cardsim.zones.card_identification import CardIdentification
from cardsim.zones.factors import hrss_factors, key_name
from cardsim.zones.historical import IN_ATR, HistoricalBytes
from cardsim.zones.hrss import EF05, SSSE
from cardsim.zones.model import KeyUse, VariableTlv
from readers.errors import CardRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cardsim.zones.access import Access
    from cardsim.zones.layouts import Layout
    from cardsim.zones.model import Df, KeyDeclaration
    from keys.hsm import TerminalKeys
    from keys.tree import Factors
    from readers.terminal.script import Script

_CHALLENGE: Final = 8
_PROTECTED: Final = 0x04
_MAC: Final = 4
_MAX_DATA: Final = 255
_SEPARATOR: Final = b"\xff"
_UNBLOCK, _RELOAD = 0x00, 0x01
_HINTS: Final[dict[int | None, Text]] = {
    1: Text("; one more refusal blocks it, so do not just repeat this", ";再错一次即锁定,请勿直接重试"),
    0: Text("; it is blocked now", ";现已锁定"),
}
"""What else to say about a refusal, by the tries that are left."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A terminal that has met a card: whom it asks for cryptograms, the card's factors, its source of randomness.

    ``version``: of the keys that the card takes where a command names none (:func:`recognise`).
    """

    keys: TerminalKeys
    factors: Factors
    entropy: Callable[[int], bytes]
    version: int = 0


def meet(keys: TerminalKeys, atr: bytes, entropy: Callable[[int], bytes]) -> Script[Terminal]:
    """Read the card identification code of the selected application and return a terminal for this card.

    Raises :class:`CardRefusedError` when it is refused, or it or the ATR has not the form that factors are made of.
    """
    response = yield Command(0x00, 0xB2, 0x01, (EF05.fid & 0x1F) << 3, le=0)
    expect(response, "the card identification code can not be read", "无法读取卡识别码")
    try:
        code = CardIdentification.parse(response.data[2:])
        historical = HistoricalBytes.parse(atr[IN_ATR])
    except NumberError as error:
        raise CardRefusedError(
            f"no keys can be derived for this card: {error}", f"无法为该卡分散密钥:{error.text.zh}"
        ) from error
    return Terminal(keys, hrss_factors(code.region, historical), entropy)


def internal_authenticate(terminal: Terminal, version: int = 0) -> Script[bool]:
    """Return whether the card knows its IRK: whether the zone's authority made it."""
    return (yield from _proved(terminal, (version or terminal.version,), _version(version))) is not None


def recognise(terminal: Terminal, versions: Sequence[int]) -> Script[Terminal | None]:
    """Return the terminal with that of ``versions`` whose IRK the card proves unasked, None when it is none of them.

    One INTERNAL AUTHENTICATE, which costs no try.
    """
    version = yield from _proved(terminal, versions)
    return None if version is None else replace(terminal, version=version)


def _proved(terminal: Terminal, versions: Sequence[int], asked: bytes = b"") -> Script[int | None]:
    """Have the card prove its IRK and return which of ``versions``, at least one, it was."""
    irk = next(key for key in SSSE.keys if key.use is KeyUse.INTERNAL)
    process, source = terminal.entropy(8), terminal.entropy(8)
    proofs = {
        terminal.keys.proof(key_name(SSSE, irk, version), terminal.factors, process, source): version
        for version in versions
    }
    le = len(next(iter(proofs)))
    response = yield Command(0x00, 0x88, 0x00, irk.reference, process + source + asked, le=le)
    expect(response, "INTERNAL AUTHENTICATE is refused", "内部认证被拒绝")
    return proofs.get(response.data)


def external_authenticate(terminal: Terminal, df: Df, key: KeyDeclaration, version: int = 0) -> Script[None]:
    """Prove ``key`` of ``df`` to the card; the challenge fetched last is the process factor.

    Raises :class:`CardRefusedError`, with the tries left when the card says so.
    """
    process = yield from _get_challenge()
    source = terminal.entropy(8)
    name = key_name(df, key, version or terminal.version)
    proof = terminal.keys.proof(name, terminal.factors, process, source)
    response = yield Command(0x00, 0x82, 0x00, key.reference, proof + source + _version(version))
    label = key_label(df, key)
    expect(response, f"the card does not accept key {label}", f"卡不接受密钥 {label}")


def keys_for(df: Df, conditions: Iterator[Access]) -> tuple[KeyDeclaration, ...]:
    """Return the keys that ``conditions`` of files in ``df`` name, looked up there and then in SSSE."""
    names = {key.name: key for owner in (SSSE, df) for key in owner.keys}
    wanted = dict.fromkeys(term.name for condition in conditions for term in terms(condition) if isinstance(term, Key))
    return tuple(names[name] for name in wanted if name in names)


def read_conditions(df: Df, layout: Layout) -> Iterator[Access]:
    """Yield what reading the files of ``df``, and records with conditions of their own, needs in ``layout``."""
    for file in df.files:
        if layout in file.layouts:
            yield file.read
            if isinstance(file, VariableTlv):
                yield from (element.read_in(layout, file.read) for element in file.elements(layout))


def owner_of(df: Df, key: KeyDeclaration) -> Df:
    """Return the directory that declares ``key``: ``df`` itself or SSSE."""
    return df if key in df.keys else SSSE


def key_label(df: Df, key: KeyDeclaration) -> str:
    """Return what people call ``key`` of ``df``: "RK" where it is the application's, else "DF01/RK1"."""
    return key.name if df is SSSE else f"{df.fid:04X}/{key.name}"


def verify_pin(pin: bytes) -> Script[StatusWord]:
    """Return what the card says to ``pin``: 9000, 63Cx or 6983."""
    response = yield Command(0x00, 0x20, 0x00, SSSE.pins[0].reference, pin)
    return response.sw


def require_pin(pin: bytes) -> Script[None]:
    """Verify ``pin``; raises CardRefusedError when the card does not accept it."""
    status = yield from verify_pin(pin)
    expect(Response(b"", status), "the card does not accept the PIN", "卡不接受 PIN")


def change_pin(old: bytes, new: bytes) -> Script[StatusWord]:
    """Return what the card says to a change of the PIN."""
    response = yield Command(0x80, 0x5E, 0x01, SSSE.pins[0].reference, old + _SEPARATOR + new)
    return response.sw


def unblock_pin(terminal: Terminal, new: bytes | None = None) -> Script[None]:
    """Give the PIN its tries back; with ``new``, set it as well (facts hrss-card 4.5). Raises CardRefusedError."""
    puk = next(key for key in SSSE.keys if key.name == SSSE.pins[0].unblocked_by)
    yield from external_authenticate(terminal, SSSE, puk)
    command = Command(0x84, 0x24, 0x00, _UNBLOCK if new is None else _RELOAD, new or b"")
    response = yield from protected(terminal, command, sealed=new is not None)
    expect(response, "the card does not unblock the PIN", "卡未解锁 PIN")


def protected(
    terminal: Terminal, command: Command, *, sealed: bool = False, use: KeyUse = KeyUse.PROTECTION
) -> Script[Response]:
    """Send ``command`` with line protection: a MAC behind its data, the data enciphered if ``sealed``.

    Raises :class:`apdu.CommandError` when it grows too long for one command.
    """
    challenge = yield from _get_challenge()
    name = key_name(SSSE, next(key for key in SSSE.keys if key.use is use), terminal.version)
    data = command.data
    if sealed:
        data = terminal.keys.seal(name, terminal.factors, challenge, data)
    size = len(data) + _MAC
    if size > _MAX_DATA:
        raise CommandError(
            f"with its line protection the command carries {size} bytes; at most {_MAX_DATA}",
            f"加线路保护后命令数据为 {size} 字节;最多 {_MAX_DATA} 字节",
        )
    header = bytes((command.cla | _PROTECTED, command.ins, command.p1, command.p2, size))
    mac = terminal.keys.mac(name, terminal.factors, challenge, header + data)
    return (yield replace(command, cla=command.cla | _PROTECTED, data=data + mac))


def _get_challenge() -> Script[bytes]:
    response = yield Command(0x00, 0x84, 0x00, 0x00, le=_CHALLENGE)
    expect(response, "GET CHALLENGE is refused", "取随机数被拒绝")
    return response.data


def _version(version: int) -> bytes:
    """Return the version byte behind authentication data; version 00 goes without (facts hrss-card 4.1)."""
    return bytes((version,)) if version else b""


def expect(response: Response, en: str, zh: str) -> None:
    """Raise CardRefusedError, with the status word and what it means behind the text, unless ``response`` is 9000."""
    status = response.sw
    if int(status) == Sw.OK:
        return
    meaning = status.meaning
    hint = _HINTS.get(status.tries_left, Text("", ""))
    raise CardRefusedError(f"{en}: {status} ({meaning.en}){hint.en}", f"{zh}:{status}({meaning.zh}){hint.zh}", status)
