"""How commands are answered."""

from __future__ import annotations

from dataclasses import dataclass

from cardsim.profiles.choices import Case4Answer, LeRule, UnknownName
from cardsim.profiles.settings import setting


@dataclass(frozen=True, kw_only=True)
class AnswerSettings:
    """How commands are answered."""

    mf_select_first: bool = setting(
        False,
        "refuse names until 3F00 has been selected",
        "选择 3F00 之前拒绝按名选择",
        "hrss-card 3: Hengbao cards [1]",
    )
    unknown_name: UnknownName = setting(
        UnknownName.FILE_NOT_FOUND,
        "answer to SELECT of a name that is not on the card: 6A82, or 6D00 as on some blank cards",
        "选择卡上没有的名称时的响应:6A82,或部分空白卡的 6D00",
        "hrss-card 9 G6: 6A82 on two makers' blanks, 6D00 on a third's",
    )
    sfi_makes_current: bool = setting(
        True,
        "addressing a file by SFI makes it the current EF",
        "以 SFI 访问后该文件成为当前文件",
        "ISO/IEC 7816-4, 7.1.2",
    )
    case4_answer: Case4Answer = setting(
        Case4Answer.FETCH,
        "how SELECT and other case-4 answers leave a T=0 card",
        "T=0 下情形 4 响应的方式",
        "hrss-card 3, 9 (6118)",
    )
    le_zero: LeRule = setting(
        LeRule.REPEAT,
        "answer of a T=0 card to Le = 00 (256 wanted, fewer there)",
        "T=0 下 Le=00 的响应",
        "ISO/IEC 7816-3, 12.2; hrss-card 3",
    )
    le_larger: LeRule = setting(
        LeRule.REPEAT,
        "answer of a T=0 card to a Le larger than the answer",
        "T=0 下 Le 大于实际长度时的响应",
        "hrss-card 3",
    )
    extended_length: bool = setting(
        False,
        "take commands with extended Lc and Le; without it they are refused 6700",
        "接受扩展 Lc 与 Le 的命令;否则拒绝(6700)",
        "native-card-os 10: not on native cards, on GM/T 0017 tokens",
    )
