"""What is said about commands of the PKI application and of a PSAM: their files, PINs, keys and cryptograms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu import Text
from readers.terminal.explain import AnswerExplainer

Exchanges = tuple[tuple[str, str], ...]

SSSE = ("00A404000F7378312E73682EC9E7BBE1B1A3D5CF", "6F16840F7378312E73682EC9E7BBE1B1A3D5CFA50388011E9000")
DDF = ("00A404000C504B492EC9E7BBE1B1A3D5CF", "9000")
ADF = ("00A404000C53532E434552542E41444631", "9000")
PKI: Exchanges = (DDF, ADF)
DF01 = ("00A4040006D15600000590", "9000")
X, Y = "54EBF3F7259E803ACE5C3DAF98AA2BE9EDDC862EA3320E25D589131681539CF9", "D4" * 32
PROOF = "00112233445566778899AABBCCDDEEFF"


def said(before: Exchanges, command: str, answer: str) -> list[Text]:
    """Return what is said about the last exchange, without the status word's line."""
    explainer = AnswerExplainer()
    for exchange in before:
        explainer.explain(*map(bytes.fromhex, exchange))
    return list(explainer.explain(bytes.fromhex(command), bytes.fromhex(answer)))[1:]


@pytest.mark.parametrize(
    ("before", "select", "name"),
    [
        ((), DDF[0], Text("DDF2 PKI application", "DDF2 社会保障电子认证应用")),
        ((DDF,), ADF[0], Text("DF01 Keys and certificates", "DF01 密钥与证书")),
        ((DDF,), "00A4000002DF01", Text("DF01 Keys and certificates", "DF01 密钥与证书")),
        ((SSSE,), "00A4000002DDF2", Text("DDF2 PKI application", "DDF2 社会保障电子认证应用")),
        (PKI, "00A40300", Text("DDF2 PKI application", "DDF2 社会保障电子认证应用")),
        (PKI, "00A40000020018", Text("0018 Signature certificate", "0018 签名证书")),
        ((*PKI, SSSE), "00A4000002DF01", Text("DF01 Public information", "DF01 公共应用信息")),
        ((), DF01[0], Text("DF01 PSAM keys", "DF01 PSAM 密钥")),
        ((DF01,), "00A4000002DF02", Text("DF02 PSAM keys, SM4", "DF02 PSAM 国密密钥")),
        ((DF01,), "00A40000020019", Text("0019 Terminal transaction counter", "0019 终端交易序号")),
    ],
)
def test_what_is_selected_is_named(before: Exchanges, select: str, name: Text) -> None:
    assert said(before, select, "9000") == [name]


@pytest.mark.parametrize("before", [(), (SSSE,), (DDF,)], ids=["MF", "HRSS", "the PKI application's directory"])
def test_files_of_another_directory_are_not_named(before: Exchanges) -> None:
    assert said(before, "00A40000020018", "9000") == []


@pytest.mark.parametrize(
    ("command", "answer", "line"),
    [
        (f"0020018110{PROOF}", "9000", "the user PIN is verified: what needs it is open"),
        (f"0020010010{PROOF}", "63C2", "the administrator PIN is not verified"),
        (f"0020010710{PROOF}", "6A88", "PIN 07 is not verified"),
        (f"845E018114{PROOF}AABBCCDD", "9000", "the user PIN is changed"),
        ("8424008104AABBCCDD", "9000", "the user PIN has all its tries again"),
        (f"8424010014{PROOF}AABBCCDD", "9000", "the administrator PIN has all its tries again and is a new one"),
        (f"0082000010{PROOF}", "9000", "key MK is proved: what needs it is open"),
        (f"0082000010{PROOF}", "63C2", "key MK is not proved"),
        (f"84D4010024{PROOF * 2}AABBCCDD", "9000", "key MK is a new one"),
        ("80C4010305C10312345600", "9000", "SM3 not shown: a PIN is easily found from it"),
        (
            "80C9820008C0020012C2020013",
            "9000",
            "a new signature key pair is on the card; a certificate that was there is of the old one",
        ),
        (
            "8040000008C0020012C2020013",
            "9000",
            "a new signature key pair is on the card; a certificate that was there is of the old one",
        ),
        ("80C9828000", f"CA40{X}{Y}9000", f"signature public key: X {X}, Y {Y}"),
        ("804E000107C2020013C10100", "9000", "the envelope is open; the session key in it is not shown"),
        (f"804A021012C110{PROOF}", "9000", "the session key is loaded"),
        (f"80C2400046C0020014CA40{X}{Y}", "9000", "the encryption public key is written"),
        (f"80C2C00126C2020015CB20{X}", "9000", "the encryption private key is written"),
        (f"002A9E9A20{X}00", f"{X}{Y}9000", f"signature of the digest: r {X}, s {Y}"),
        ("002A808602AABB00", "6869214C9000", "deciphered: 6869214C"),
        ("002A8680024142", "AABB9000", "enciphered for the card, C1 C3 C2: AABB"),
        ("00B0980004", "3082024B9000", "Signature certificate, bytes 0 to 3: 3082024B"),
        ("00D699000130", "9000", "written: 0019 Encryption certificate"),
        ("0084000010", f"{PROOF}9000", f"challenge {PROOF}, for the next proof or MAC"),
    ],
)
def test_the_pki_application(command: str, answer: str, line: str) -> None:
    (text,) = said(PKI, command, answer)
    assert text.en == line
    assert text.zh != text.en


def test_the_same_commands_elsewhere_are_others() -> None:
    """In the HRSS zone 0082 00 00 is about a key of that zone."""
    assert said((*PKI, SSSE), f"0082000A10{PROOF}", "9000") == [
        Text("key RK is proved: what needs it is open", "密钥 RK(读控制密钥)认证通过:需要它的内容已开放")
    ]


REFUSED_QUIETLY = "845E0181 84240081 84D40100 80C40103 80C98200 804E0001 804A0210 80C24000 002A9E9A"


@pytest.mark.parametrize("header", REFUSED_QUIETLY.split())
def test_of_other_refusals_the_status_word_says_all(header: str) -> None:
    assert said(PKI, f"{header}10{PROOF}", "6982") == []


@pytest.mark.parametrize(
    ("command", "answer", "line"),
    [
        (
            f"BFDE672E20{PROOF * 2}",
            "9000",
            "the work key is that of key DF01/RK1, diversified 3 times, for one card and challenge",
        ),
        (f"BFDE482E20{PROOF * 2}", "6A86", "no work key of key DF01/RK1"),
        (f"BFDE48EE20{PROOF * 2}", "6A88", "no work key of key EE"),
        ("80FA000008001122334455667708", "A1A2A3A4A5A6A7A89000", "enciphered with the work key: A1A2A3A4A5A6A7A8"),
        (
            f"80FA050010{PROOF}",
            "A1A2A3A4A5A6A7A89000",
            "MAC with the work key; cards take its first 4 bytes A1A2A3A4",
        ),
        ("8070010001FF", "0000012CAABBCCDD9000", "terminal transaction 300, MAC1 AABBCCDD for the card"),
        ("8072000004AABBCCDD", "9000", "the card's MAC2 is right: it has debited"),
        ("8072000004AABBCCDD", "9302", "the card's MAC2 is wrong"),
        ("00B0990004", "000000059000", "Terminal transaction counter, bytes 0 to 3: 00000005"),
    ],
)
def test_a_psam(command: str, answer: str, line: str) -> None:
    (text,) = said((DF01,), command, answer)
    assert text.en == line
    assert text.zh != text.en


@pytest.mark.parametrize(("header", "sw"), [("80FA0000", "6985"), ("80700100", "9403"), ("80720000", "6985")])
def test_refusals_of_a_psam(header: str, sw: str) -> None:
    assert said((DF01,), f"{header}10{PROOF}", sw) == []


@given(st.sampled_from([PKI, (DF01,)]), st.binary(max_size=40), st.binary(min_size=2, max_size=80))
def test_anything_is_explained_and_nothing_reaches_the_terminal_raw(
    before: Exchanges, command: bytes, answer: bytes
) -> None:
    for line in said(before, command.hex(), answer.hex()):
        assert line.en.replace("\u3000", "").isprintable()
        assert line.zh.replace("\u3000", "").isprintable()
