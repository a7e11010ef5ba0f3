"""Wire formats of smart cards and the two seams they cross: no state, no I/O, no keys."""

from __future__ import annotations

from apdu.activation import Activation, TypeA, TypeB
from apdu.atr import Atr, Convention, build_atr
from apdu.atr import explain as explain_atr
from apdu.ats import Ats, build_ats
from apdu.ats import explain as explain_ats
from apdu.command import Case, Command
from apdu.errors import ApduError, AtrError, CommandError, HexError, ResponseError, TlvError
from apdu.hexes import format_hex, parse_hex
from apdu.historical import CompactTlv, compact_objects, explain_historical
from apdu.interface_bytes import InterfaceByte
from apdu.ports import CardPort, Connection, FieldPort, Interface
from apdu.pseudo_atr import (
    StorageCard,
    is_pseudo_atr,
    pseudo_atr_of_ats,
    pseudo_atr_of_storage_card,
    pseudo_atr_of_type_b,
)
from apdu.pseudo_atr import explain as explain_pseudo_atr
from apdu.response import Response
from apdu.status import Family, StatusWord, Sw
from apdu.text import BilingualError, Language, Text
from apdu.tlv import BerTlv, SimpleTlv, encode_ber, parse_ber, parse_simple
from apdu.type_b import Atqb, AttribAnswer, build_atqb, build_attrib_answer
from apdu.type_b import explain as explain_type_b

__all__ = [
    "Activation",
    "ApduError",
    "Atqb",
    "Atr",
    "AtrError",
    "Ats",
    "AttribAnswer",
    "BerTlv",
    "BilingualError",
    "CardPort",
    "Case",
    "Command",
    "CommandError",
    "CompactTlv",
    "Connection",
    "Convention",
    "Family",
    "FieldPort",
    "HexError",
    "Interface",
    "InterfaceByte",
    "Language",
    "Response",
    "ResponseError",
    "SimpleTlv",
    "StatusWord",
    "StorageCard",
    "Sw",
    "Text",
    "TlvError",
    "TypeA",
    "TypeB",
    "build_atqb",
    "build_atr",
    "build_ats",
    "build_attrib_answer",
    "compact_objects",
    "encode_ber",
    "explain_atr",
    "explain_ats",
    "explain_historical",
    "explain_pseudo_atr",
    "explain_type_b",
    "format_hex",
    "is_pseudo_atr",
    "parse_ber",
    "parse_hex",
    "parse_simple",
    "pseudo_atr_of_ats",
    "pseudo_atr_of_storage_card",
    "pseudo_atr_of_type_b",
]
