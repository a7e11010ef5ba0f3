"""Nation (民族) and sex codes of the holder's data, SSSE EF06.

Sources: facts hrss-card 2.2 and 7; GB 3304-91 (nations); GB/T 2261.1 (sex).
"""

from __future__ import annotations

from enum import Enum, unique
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from apdu.text import Text
from cardsim.errors import NumberError

if TYPE_CHECKING:
    from collections.abc import Mapping


@unique
class Sex(Enum):
    """Sex as the card writes it: one ASCII digit. These three are met on cards (facts hrss-card 2.2)."""

    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"

    @property
    def text(self) -> Text:
        """The meaning in both languages."""
        return _SEX[self]

    @classmethod
    def parse(cls, code: str) -> Sex:
        """Return the sex that ``code`` stands for.

        Raises :class:`NumberError` for a code other than 1, 2 and 9.
        """
        for sex in cls:
            if sex.value == code:
                return sex
        raise NumberError(
            f"{code!r} is no sex code; the card knows 1 (male), 2 (female), 9 (not stated)",
            f"{code!r} 不是性别代码;卡上只用 1(男)、2(女)、9(未说明)",
        )


_SEX: Final = MappingProxyType(
    {Sex.MALE: Text("male", "男"), Sex.FEMALE: Text("female", "女"), Sex.UNSTATED: Text("not stated", "未说明")}
)

# The romanisation is the standard's; for use abroad it gives Tibetan and Korean instead of Zang and Chosen.
# 99 is the cards' own addition: the sheet has the code without its name.
NATIONS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "01": Text("Han", "汉族"),
        "02": Text("Mongol", "蒙古族"),
        "03": Text("Hui", "回族"),
        "04": Text("Tibetan", "藏族"),
        "05": Text("Uygur", "维吾尔族"),
        "06": Text("Miao", "苗族"),
        "07": Text("Yi", "彝族"),
        "08": Text("Zhuang", "壮族"),
        "09": Text("Buyei", "布依族"),
        "10": Text("Korean", "朝鲜族"),
        "11": Text("Man", "满族"),
        "12": Text("Dong", "侗族"),
        "13": Text("Yao", "瑶族"),
        "14": Text("Bai", "白族"),
        "15": Text("Tujia", "土家族"),
        "16": Text("Hani", "哈尼族"),
        "17": Text("Kazak", "哈萨克族"),
        "18": Text("Dai", "傣族"),
        "19": Text("Li", "黎族"),
        "20": Text("Lisu", "傈僳族"),
        "21": Text("Va", "佤族"),
        "22": Text("She", "畲族"),
        "23": Text("Gaoshan", "高山族"),
        "24": Text("Lahu", "拉祜族"),
        "25": Text("Sui", "水族"),
        "26": Text("Dongxiang", "东乡族"),
        "27": Text("Naxi", "纳西族"),
        "28": Text("Jingpo", "景颇族"),
        "29": Text("Kirgiz", "柯尔克孜族"),
        "30": Text("Tu", "土族"),
        "31": Text("Daur", "达斡尔族"),
        "32": Text("Mulao", "仫佬族"),
        "33": Text("Qiang", "羌族"),
        "34": Text("Blang", "布朗族"),
        "35": Text("Salar", "撒拉族"),
        "36": Text("Maonan", "毛南族"),
        "37": Text("Gelao", "仡佬族"),
        "38": Text("Xibe", "锡伯族"),
        "39": Text("Achang", "阿昌族"),
        "40": Text("Pumi", "普米族"),
        "41": Text("Tajik", "塔吉克族"),
        "42": Text("Nu", "怒族"),
        "43": Text("Uzbek", "乌孜别克族"),
        "44": Text("Russ", "俄罗斯族"),
        "45": Text("Ewenki", "鄂温克族"),
        "46": Text("Deang", "德昂族"),
        "47": Text("Bonan", "保安族"),
        "48": Text("Yugur", "裕固族"),
        "49": Text("Gin", "京族"),
        "50": Text("Tatar", "塔塔尔族"),
        "51": Text("Derung", "独龙族"),
        "52": Text("Oroqen", "鄂伦春族"),
        "53": Text("Hezhen", "赫哲族"),
        "54": Text("Monba", "门巴族"),
        "55": Text("Lhoba", "珞巴族"),
        "56": Text("Jino", "基诺族"),
        "99": Text("other or not stated", "其他或未说明"),
    }
)


def nation(code: str) -> Text:
    """Return the name of the nation with this two-digit code, 01 to 56 or 99.

    Raises :class:`NumberError` for any other code.
    """
    known = NATIONS.get(code)
    if known is None:
        raise NumberError(
            f"{code!r} is no nation code; the card knows 01 to 56 and 99",
            f"{code!r} 不是民族代码;卡上只用 01 至 56 和 99",
        )
    return known
