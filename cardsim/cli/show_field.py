"""What `cardsim show` says about a card in a reader's field: how it answers when it is activated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apdu import Interface, Text, TypeA, format_hex
from cardsim.chip.contactless import activation_of, fixed_identifier
from cardsim.cli.console import aligned
from cardsim.profiles.contactless import UidKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apdu import Activation
    from cardsim.cli.console import Console
    from cardsim.profiles import Profile


def print_field(profile: Profile, console: Console) -> None:
    """Print what a reader learns of the card in its field; nothing for a chip that does not answer there."""
    if Interface.CONTACTLESS not in profile.interfaces.all:
        return
    activation = activation_of(profile, fixed_identifier(profile))
    radio_type = "A" if isinstance(activation, TypeA) else "B"
    console.say(f"in a field: type {radio_type}", f"非接触:{radio_type} 型")
    for line in aligned(_rows(activation, console, random=profile.uid_kind is UidKind.RANDOM)):
        console.line(f"  {line}")


def _rows(activation: Activation, console: Console, *, random: bool) -> Iterator[tuple[str, str]]:
    name = "UID" if isinstance(activation, TypeA) else "PUPI"
    changing = console.pick(Text("random, another at every activation", "随机,每次激活不同"))
    yield name, changing if random else format_hex(activation.identifier, " ")
    if isinstance(activation, TypeA):
        yield "ATQA", format_hex(activation.atqa, " ")
        yield "SAK", f"{activation.sak:02X}"
        yield "ATS", format_hex(activation.ats, " ")
    else:
        yield console.pick(Text("application data", "应用数据")), format_hex(activation.atqb.application_data, " ")
        yield console.pick(Text("protocol information", "协议信息")), format_hex(activation.atqb.protocol_info, " ")
        yield console.pick(Text("answer to ATTRIB", "ATTRIB 应答")), format_hex(activation.attrib, " ")
    yield console.pick(Text("pseudo-ATR", "伪 ATR")), format_hex(activation.pseudo_atr, " ")
