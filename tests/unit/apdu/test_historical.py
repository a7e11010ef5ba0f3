from __future__ import annotations

import pytest

from apdu import CompactTlv, compact_objects, explain_historical


@pytest.mark.parametrize(
    ("historical", "objects"),
    [
        # facts native-card-os 10: a modern bank card; ATR_analysis reads it the same way.
        ("003138644790ECC273140150829000", [(3, "38"), (6, "4790ECC2"), (7, "140150"), (8, "829000")]),
        ("00009000", [(8, "009000")]),
        ("80", []),
        ("8031E08201", None),
        ("8031E0829000", [(3, "E0"), (8, "9000")]),
        ("8065A208010152", [(6, "A208010152")]),
        ("10", None),
        ("1002", []),
        ("1002F5A000000333", [(15, "A000000333")]),
    ],
)
def test_objects(historical: str, objects: list[tuple[int, str]] | None) -> None:
    expected = None if objects is None else tuple(CompactTlv(tag, bytes.fromhex(value)) for tag, value in objects)
    assert compact_objects(bytes.fromhex(historical)) == expected


@pytest.mark.parametrize(
    "historical",
    [
        "",
        "20900000000000B0A2BD69",  # another category
        "009000",  # too short for the status indicator
        "00814842468653330399110143",  # social-security layout: a status indicator stands only at the end here
        "0096544CA08684440300506407",  # social-security layout: no object has tag 9
        "804F0CA0000003060300010000",  # longer than there is
        "8032E000",  # card service data is one byte
        "80740000000000",  # card capabilities are one to three bytes
        "8080",  # a status indicator is never empty
        "80811031E0",  # nothing follows a status indicator
    ],
)
def test_what_the_standard_does_not_allow_is_left_alone(historical: str) -> None:
    assert compact_objects(bytes.fromhex(historical)) is None


def test_explanation_of_objects() -> None:
    explained = [line.en for line in explain_historical(bytes.fromhex("003138644790ECC273140150829000"))]
    assert explained == [
        "historical bytes: 00 31 38 64 47 90 EC C2 73 14 01 50 82 90 00",
        "category indicator 00: COMPACT-TLV objects",
        (
            "43: card service data 38 - data objects in EF.DIR; data objects in EF.ATR; "
            "EF.DIR and EF.ATR by READ BINARY; with MF"
        ),
        "46: pre-issuing data 4790ECC2",
        (
            "47: card capabilities 140150 - DF by file identifier; short EF identifiers; one-time write; "
            "data unit 2 quartets; extended Lc and Le; channel numbers by the card; logical channels: 1"
        ),
        "48: status indicator 829000 - LCS 82: proprietary life cycle state; SW 9000: done",
    ]


@pytest.mark.parametrize(
    ("historical", "en", "zh"),
    [
        ("", "no historical bytes", "无历史字节"),
        ("4A434F50", "not COMPACT-TLV", "不是 COMPACT-TLV"),
        ("1002", "DIR data reference 02", "DIR 数据引用 02"),
        ("808105", "LCS 05: activated", "LCS 05: 启用"),
        ("80810C", "LCS 0C: terminated", "LCS 0C: 终止"),
        ("808102", "LCS 02: reserved", "LCS 02: 保留"),
        ("80829000", "48: status indicator 9000 - SW 9000: done", "48: 状态指示符 9000 - SW 9000: 成功"),
        ("8031FD", "reserved (RFU); without MF", "保留(RFU); 无 MF"),
    ],
)
def test_explanation_in_both_languages(historical: str, en: str, zh: str) -> None:
    lines = explain_historical(bytes.fromhex(historical))
    assert any(en in line.en for line in lines)
    assert any(zh in line.zh for line in lines)
