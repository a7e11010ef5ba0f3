"""Wire formats of smart cards and the two seams they cross: no state, no I/O, no keys."""

from __future__ import annotations

from apdu.command import Case, Command
from apdu.errors import ApduError, AtrError, CommandError, HexError, ResponseError, TlvError
from apdu.hexes import format_hex, parse_hex
from apdu.ports import CardPort, Connection, Interface
from apdu.response import Response
from apdu.status import Family, StatusWord, Sw
from apdu.text import BilingualError, Language, Text
from apdu.tlv import BerTlv, SimpleTlv, encode_ber, parse_ber, parse_simple

__all__ = [
    "ApduError",
    "AtrError",
    "BerTlv",
    "BilingualError",
    "CardPort",
    "Case",
    "Command",
    "CommandError",
    "Connection",
    "Family",
    "HexError",
    "Interface",
    "Language",
    "Response",
    "ResponseError",
    "SimpleTlv",
    "StatusWord",
    "Sw",
    "Text",
    "TlvError",
    "encode_ber",
    "format_hex",
    "parse_ber",
    "parse_hex",
    "parse_simple",
]
