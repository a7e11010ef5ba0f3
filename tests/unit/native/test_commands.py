"""What the native commands do, where settings make a difference in every way they can (native-card-os 2 to 5, 13)."""

from __future__ import annotations

import pytest

from tests.unit.native.cards import DES, DF, DF_KEYS, INTO_DF, INTO_MF, KEYS, MASTER, MF, MF_KEYS, SM4, Native, value

K1, K8 = KEYS["K1"], KEYS["K8"]
PIN = "0020000003123456"


def made(*commands: str, **settings: object) -> Native:
    """A card with an MF, its master key K1, line key K8, PIN 123456, and what ``commands`` make."""
    card = Native(4096, **settings)
    keys = MF_KEYS.replace("0050", "0200")
    line, pin = f"80D401000D36F0F0FF33{K8}", "80D401000A3AF0F00133123456FFFF"
    assert card.run(MF, keys, MASTER, line, pin, *commands).endswith("9000")
    return card


# --- MF, free phase, ERASE DF ---


@pytest.mark.parametrize(
    ("command", "dir_sfi"),
    [
        ("80E03F000D38FFFFF0F001FFFFFFFFFFFFFF", 1),
        ("80E03F000D38FFFFAAAAFFFFFFFFFFFFFFFF", None),
        ("80E03F000E38FFFFF0F001FFFFFFFFFFFFFFFF", 1),
    ],
)
def test_the_transport_code_counts_with_or_without_the_app_file_byte(command: str, dir_sfi: int | None) -> None:
    card = Native()
    assert card.send(command) == "9000"
    assert card.card.context.directory.dir_sfi == dir_sfi


def test_an_agreed_transport_code() -> None:
    card = Native(native_transport_key="0102030405060708")
    assert card.send("80E03F000D38FFFFF0F001FFFFFFFFFFFFFF") == "6982"
    assert card.send("80E03F000E38FFFFF0F0010102030405060708") == "9000"


def test_an_mf_smaller_than_the_memory_leaves_the_rest_unusable() -> None:
    card = Native(4096)
    card.run("80E03F000D380100F0F001FFFFFFFFFFFFFF")
    assert card.send("80E00001072800F6F0F0FFFF") == "6A84"
    assert card.send("80E00001072800F5F0F0FFFF") == "9000"


def test_rights_apply_from_the_next_entry_on() -> None:
    card = Native()
    card.run(MF, MF_KEYS, "80E0000107280004EFEFFFFF", "00D681000401020304")
    assert card.send("00B0810004") == "010203049000"
    card.run(INTO_MF)
    assert card.send("00B0810004") == "6982"
    assert card.send("00D6810001FF") == "6982"


def test_an_erased_directory_is_free_until_it_is_entered_again() -> None:
    card = Native()
    card.run(MF, MF_KEYS, MASTER, DF, INTO_DF, DF_KEYS, "80E0000107280004EFEFFFFF", INTO_DF)
    wallet = card.card.context.directory
    assert card.send("800E000000") == "9000"
    assert card.send("00B0810004") == "6A82"
    assert (card.card.context.directory.header, card.card.context.directory.used) == (wallet.header, 0)
    card.run("80E0000107280004EFEFFFFF", "00D681000101")
    assert card.run(INTO_DF).endswith("9000")
    assert card.send("00D681000101") == "6982"
    card.run(INTO_MF)
    assert card.send("800E000000") == "9000"
    assert card.send(INTO_DF) == "6A82"
    assert not any(card.memory.view[11:])


def test_headers_and_bodies_are_charged() -> None:
    """11 bytes each; n x (length + 1), declared size, 22 of a purse (native-card-os 8)."""
    card = Native()
    charged: list[int] = []
    for command in (
        MF_KEYS,
        "80E0000107280064F0F0FFFF",
        "80E00002072A0A17F0F0FFFF",
        "80E00003072C0064F0F0FFFF",
        "80E00004072E0A17F0F0FFFF",
        "80E00005072800FFF0F0FFFF",
        DF,
    ):
        before = card.card.context.directory.used
        card.run(*((MF,) if not charged else ()), command)
        charged.append(card.card.context.directory.used - before)
    assert charged == [11 + 80, 11 + 100, 11 + 240, 11 + 100, 11 + 240, 11 + 255, 11 + 9 + 879]


# --- SELECT ---


def test_select_reaches_what_a_real_card_reaches() -> None:
    """native-card-os 4, SELECT quirks."""
    first = "80E03F010D380100F0F0FFFFFFA000000001"
    second = "80E03F020D380100F0F0FFFFFFA000000002"
    inner = "80E03F030D380020F0F0FFFFFFA000000003"
    same = "80E03F010D380020F0F0FFFFFFA000000004"
    card = made(first, second, INTO_DF, inner, same)
    assert card.send("00A40000023F02") == "6A82"  # it has children: siblings are out of reach
    assert card.send("00A40000023F01") == "6F078405A0000000019000"  # itself, not the child of this FID
    assert card.send("00A4040005A000000002") == "6F078405A0000000029000"  # by name a sibling is reached
    assert card.send("00A40000023F01") == "6F078405A0000000019000"  # 3F02 has none: its sibling is
    assert card.send("00A40000023F03") == "6F078405A0000000039000"
    assert card.send("00A4040005A000000002") == "6A82"  # neither child nor sibling
    assert card.send("00A40400") == "6F15840E315041592E5359532E4444463031A5038801019000"
    assert card.send("00A4040005A000000002").endswith("9000")
    assert card.send("00A40000") == "6F15840E315041592E5359532E4444463031A5038801019000"
    strict = made(first, second, "00A40000023F02", native_sibling_select=False)
    assert strict.send("00A40000023F01") == "6A82"


def test_a_name_of_two_bytes_where_the_prose_allows_it() -> None:
    assert made(native_shortest_name=2).send("80E03F010A380020F0F0FFFFFFA001") == "9000"


# --- transparent files ---


def test_reading_what_was_never_written_is_a_warning() -> None:
    card = made("80E0000107280004F0F0FFFF", INTO_MF)
    assert card.t0("00B0810004") == "000000006281"
    card.run("00D681000200AA")
    assert card.t0("00B0810004") == "00AA00009000"
    quiet = made("80E0000107280004F0F0FFFF", native_unwritten_warning=False)
    assert quiet.send("00B0810004") == "000000009000"


def test_le_00_reads_to_the_end_in_pieces_of_239() -> None:
    card = made("80E00001072801FFF0F0FFFF", "00D681000101")
    assert len(card.send("00B0810000")) == 2 * 239 + 4
    assert len(card.send("00B08110EF")) == 2 * 239 + 4


@pytest.mark.parametrize("full", [False, True])
def test_an_enciphered_file(full: bool) -> None:
    card = made("80E0000107E80007F0F0FF7F", native_full_padding=full)
    assert card.seal("K8", "04D6810014", "01020304050607") == "6700"
    assert card.seal("K8", "04D681000C", "01020304050607") == "9000"
    answer = bytes.fromhex(card.mac("K8", "04B0810004"))
    sealed, mac, sw = answer[:-6], answer[-6:-2], answer[-2:]
    assert sw == b"\x90\x00"
    assert DES.ecb(value("K8"), sealed, decrypt=True).startswith(bytes.fromhex("0701020304050607"))
    assert len(sealed) == (16 if full else 8)
    assert mac == DES.mac(value("K8"), sealed, b"\x33" * 4 + bytes(4))
    # The request may say how much, enciphered.
    wanted = card.seal("K8", "04B081000C", "03")
    assert DES.opened(value("K8"), bytes.fromhex(wanted)[:-6]) == bytes.fromhex("010203")


@pytest.mark.parametrize(
    ("request_", "answer"), [("0280000000000000", "0102"), ("0102800000000000", "0102"), ("0180000000000000", "01")]
)
def test_an_enciphered_request_in_both_forms(request_: str, answer: str) -> None:
    """The number before its padding (native-card-os 5.1), and in a frame."""
    card = made("80E0000107E80007F0F0FF7F")
    assert card.seal("K8", "04D681000C", "01020304050607") == "9000"
    sealed = DES.ecb(value("K8"), bytes.fromhex(request_)).hex()
    got = card.mac("K8", "04B081000C" + sealed)
    assert DES.opened(value("K8"), bytes.fromhex(got)[:-6]) == bytes.fromhex(answer)


@pytest.mark.parametrize(
    ("request_", "answer"), [("0280000000000001", "6988"), ("0203048000000000", "6700"), ("0980000000000080", "6988")]
)
def test_an_enciphered_request_of_neither_form(request_: str, answer: str) -> None:
    card = made("80E0000107E80007F0F0FF7F")
    sealed = DES.ecb(value("K8"), bytes.fromhex(request_)).hex()
    assert card.mac("K8", "04B081000C" + sealed) == answer


def test_byte_7_names_the_line_keys() -> None:
    """b4 b3 for reading, b2 b1 for writing: 11 is key 00, 10 is 01 (native-card-os 1.2)."""
    card = made(f"80D401011536F0F0FF33{K1}", "80E0000107A80004F0F0FFFE", "80E0000207A80004F0F0FF7B")
    assert card.mac("K8", "04D6810008AABBCCDD") == "6988"
    assert card.mac("K1", "04D6810008AABBCCDD") == "9000"
    assert card.mac("K8", "04D6820008AABBCCDD") == "9000"
    assert card.mac("K1", "04B0820004")[:8] == "AABBCCDD"


# --- records ---


def test_fixed_records() -> None:
    card = made("80E00001072A0302F0F0FFFF", "00E2000802AAAA", "00E2000C02BBBB")
    assert [card.send(f"00B20{n}0C02") for n in (1, 2, 3)] == ["AAAA9000", "BBBB9000", "6A83"]
    assert card.send("00DC020C02CCCC") == "9000"
    assert card.send("00B2020C02") == "CCCC9000"
    assert card.send("00DC000B02DDDD") == "9000"  # previous: the first
    assert card.send("00B2010C02") == "DDDD9000"
    assert card.send("00D2000A02EEEE") == "9000"  # next, by the other instruction
    assert card.send("00B2020C02") == "EEEE9000"
    assert card.send("00DC000A02EEEE") == "6A83"
    assert card.send("00DC000902FFFF") == "9000"  # last
    assert card.send("00DC0008020101") == "9000"  # first
    assert [card.send(f"00B20{n}0C02") for n in (1, 2)] == ["01019000", "FFFF9000"]


def test_variable_records() -> None:
    card = made("80E00001072C000CF0F0FFFF", "00E2000C030101AA", "00DC0008040202BBBB")
    assert card.send("00DC030C030101CC") == "9000"  # number 3 is the next one
    assert card.send("00B2010800") == "0101AA9000"
    assert card.send("00DC0109030101DD") == "9000"  # the last with tag 01
    assert [card.send(f"00B20{n}0C00") for n in (1, 2, 3)] == ["0101AA9000", "0202BBBB9000", "0101DD9000"]
    assert card.send("00DC0208040302EEEE") == "9000"  # the tag may change
    assert card.send("00B2030800") == "0302EEEE9000"
    assert card.send("00E2000C030101EE") == "6A84"


def test_cyclic_records() -> None:
    card = made("80E00001072E0201F0F0FFFF", "00DC000B01A1", "00DC010A01A2")
    assert [card.send(f"00B20{n}0C01") for n in (1, 2)] == ["A29000", "A19000"]
    assert card.send("00E2000C01A3") == "9000"
    assert [card.send(f"00B20{n}0C01") for n in (1, 2, 3)] == ["A39000", "A29000", "6A83"]


def test_record_overhead() -> None:
    card = made("80E00001072E0202F0F0FFFF", native_record_overhead=8)
    for written in ("A1A1", "A2A2", "A3A3"):
        card.run(f"00E2000C02{written}")
    assert [card.send(f"00B20{n}0C02") for n in (1, 2, 3)] == ["A3A39000", "A2A29000", "6A83"]


# --- keys ---


def test_modifying_a_key() -> None:
    card = made(INTO_MF)
    assert card.auth("K2") == "63C2"
    assert card.send(f"80D439001539F0F00566{KEYS['K2']}") == "9000"
    assert card.auth("K1") == "63C1"  # the text: the counter stays
    assert card.auth("K2") == "9000"
    with_counter = made(native_modify_counter=True)
    with_counter.run(f"80D439001539F0F00566{KEYS['K2']}")
    assert with_counter.auth("K1") == "63C5"


def test_a_marked_key_is_changed_enciphered() -> None:
    card = made(f"80D4010115F9F0F0AA33{K1}")
    assert card.send(f"80D4F90115F9F0F0AA33{KEYS['K2']}") == "6987"
    assert card.seal("K1", "84D4F9011C", f"39F0F0AA33{KEYS['K2']}") == "9000"
    assert card.auth("K2", 1) == "9000"


@pytest.mark.parametrize(("mark", "settings"), [("7A", {}), ("BA", {"native_mac_mark": "bit 8"})])
def test_a_key_marked_for_a_mac_alone(mark: str, settings: dict[str, object]) -> None:
    card = made(f"80D401010A{mark}F0F00133111111FFFF", **settings)
    assert card.send(f"80D4{mark}010A{mark}F0F00133222222FFFF") == "6987"
    assert card.mac("K1", f"84D4{mark}010E{mark}F0F00133222222FFFF") == "9000"
    assert card.send("0020000103222222") == "9000"


def test_adding_with_a_mac_alone() -> None:
    card = made(native_key_adding="mac")
    assert card.mac("K1", f"84D401011130F0F00000{K8}") == "9000"
    assert card.send("00880001080102030405060708").endswith("9000")


def test_timecos_takes_the_value_alone() -> None:
    card = made(native_dialect="timecos")
    assert card.seal("K1", "84D439001C", KEYS["K2"]) == "9000"
    assert card.auth("K2") == "9000"
    assert made().seal("K1", "84D439001C", KEYS["K2"]) == "6700"


def test_any_key_id() -> None:
    card = made(INTO_MF)
    assert card.auth("K1", 9) == "6A88"
    assert made(INTO_MF, native_any_key_id=True).auth("K1", 9) == "9000"


def test_internal_authenticate_pads() -> None:
    card = made(f"80D401000D30F0F00000{K8}", f"80D401041530F0F00004{K1}")
    assert card.send("0088000003010203") == DES.ecb(value("K8"), b"\1\2\3\x80" + bytes(4)).hex().upper() + "9000"
    assert card.send("0088000401AA") == SM4.ecb(value("K1"), b"\xaa\x80" + bytes(14)).hex().upper() + "9000"


# --- PINs ---


def test_verify_takes_a_pin_with_or_without_its_ff() -> None:
    card = made(INTO_MF)
    assert card.send(PIN) == card.send("0020000005123456FFFF") == "9000"
    assert card.send("0020000004123456FF") == "9000"
    blank = made("80D40101073AF0F00133FFFF", INTO_MF)
    assert blank.send("0020000101FF") == "9000"


def test_change_reload_and_unblock_a_pin() -> None:
    card = made(f"80D401001538F0F0FF33{K1}", f"80D401001537F0F0FF33{K1}", INTO_MF)
    assert card.send("805E01000A123456FF112233445566") == "6700"
    assert card.send("805E010007123456FF654321") == "9000"
    halves = bytes(a ^ b for a, b in zip(value("K1")[:8], value("K1")[8:], strict=True))
    mac = DES.mac(halves, bytes.fromhex("1122334455"))
    assert card.send(f"805E0000091122334455{mac.hex()}") == "9000"
    for left in (2, 1, 0):
        assert card.send("0020000003654321") == f"63C{left}"
    assert card.send("00200000051122334455") == "6983"
    assert card.seal("K1", "842400000C", "778899") == "9000"
    assert card.send("0020000003778899") == "9000"


@pytest.mark.parametrize(("reference", "header"), [("P1", "84240100"), ("P2", "84240001"), ("none", "84240000")])
def test_where_pin_unblock_names_the_pin(reference: str, header: str) -> None:
    card = made(f"80D401001537F0F0FF33{K1}", "80D40101083AF0F00133111111", native_unblock_reference=reference)
    assert card.seal("K1", header + "0C", "223344") == "9000"
    named = "00" if reference == "none" else "01"
    assert card.send(f"002000{named}03223344") == "9000"


# --- blocking ---


def blockable(**settings: object) -> Native:
    return made(
        DF, INTO_DF, DF_KEYS, f"80D401000D36F0F0FF33{K8}", "80E0000107280004F0F0FFFF", "00D681000101", **settings
    )


@pytest.mark.parametrize(("answer", "setting"), [("6A81", "6A81"), ("6283", "6283"), ("9000", "fci")])
def test_a_blocked_application(answer: str, setting: str) -> None:
    card = blockable(blocked_select=setting)
    assert card.mac("K8", "841E000004") == "9000"
    assert card.send("00B0810001") == "6A81"
    card.run(INTO_MF)
    assert card.send(INTO_DF)[-4:] == answer
    assert card.send("00B0810001") == "6A81"
    assert card.mac("K8", "8418000004") == "9000"
    assert card.send("00B0810001") == "019000"
    assert card.mac("K8", "8418000004") == "9000"  # also where it is not blocked


def test_three_wrong_macs_of_unblock_block_for_ever() -> None:
    card = blockable()
    card.mac("K8", "841E000004")
    assert [card.mac("K1", "8418000004") for _ in range(3)] == ["6988"] * 3
    assert card.mac("K8", "8418000004") == "9303"
    again = Native(bytes(card.memory.view))
    assert again.send(INTO_DF) == "6A81"
    assert again.mac("K8", "8418000004") == "9303"


def test_power_between_the_last_try_of_unblock_and_the_lock() -> None:
    card = blockable()
    card.mac("K8", "841E000004")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cardsim.chip.commands.native_blocking.block_for_ever", lambda _: None)
        assert [card.mac("K1", "8418000004") for _ in range(3)] == ["6988"] * 3
    again = Native(bytes(card.memory.view))
    assert again.send(INTO_DF) == "6A81"
    assert [again.mac("K8", "8418000004") for _ in range(2)] == ["6983", "9303"]


def test_keys_of_their_own_for_block_and_unblock() -> None:
    card = made(
        DF,
        INTO_DF,
        DF_KEYS,
        *(f"80D401{n}1536F0F0FF33{KEYS[k]}" for n, k in (("00", "K1"), ("FD", "K2"), ("FC", "K3"))),
    )
    assert card.mac("K1", "841E000004") == "6988"
    assert card.mac("K2", "841E000104") == "9000"
    assert card.mac("K3", "8418000004") == "9303"


def test_a_blocked_card_says_6a81_to_everything() -> None:
    card = blockable()
    assert card.mac("K8", "8416000004") == "9000"
    card.card.reset()
    for command in (INTO_MF, INTO_DF, "0084000004", "80010000", "FF000000", MF):
        assert card.send(command) == "6A81"


# --- the extended dialect ---


def test_a_long_body_comes_in_pieces_and_is_there_when_it_is_whole() -> None:
    card = Native(native_dialect="extended")
    card.run(MF, "80E03F010D380200F0F0FFFFFFA000000001", INTO_DF)
    rules = bytes.fromhex("020100") * 20
    create = f"80E0EF81113D003CF0EFFFFF{rules[:10].hex()}"
    assert card.send(create) == "9000"
    assert card.card.context.directory.used == 0
    assert card.send(f"80E2000014{rules[10:30].hex()}") == "9000"
    assert card.card.context.directory.used == 0
    assert card.send(f"80E200001E{rules[30:60].hex()}") == "9000"
    assert len(card.card.context.directory.rules) == 20
    assert card.send("80E0000107280004F001FFFF") == "9000"
    assert card.send("80E0000207280004F015FFFF") == "6A80"


def test_another_create_drops_what_was_begun() -> None:
    card = Native(native_dialect="extended")
    card.run(MF, "80E03F010D380200F0F0FFFFFFA000000001", INTO_DF, "80E0EF810A3D0006F0EFFFFF020100")
    assert card.send("80E0EF810A3D0006F0EFFFFF020101") == "9000"
    assert card.send("80E2000003020102") == "9000"
    assert [str(rule.default) for rule in card.card.context.directory.rules] == ["PIN 01", "PIN 02"]


@pytest.mark.parametrize("body", ["03010000", "02FF00", "050100"])
def test_a_body_that_is_no_rules_makes_nothing(body: str) -> None:
    card = Native(native_dialect="extended")
    card.run(MF, "80E03F010D380200F0F0FFFFFFA000000001", INTO_DF)
    before = bytes(card.memory.view)
    size = len(body) // 2
    assert card.send(f"80E0EF81{7 + size:02X}3D{size:04X}F0EFFFFF{body}") == "6A80"
    assert bytes(card.memory.view) == before
