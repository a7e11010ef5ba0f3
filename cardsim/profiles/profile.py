"""A chip profile: everything that differs between real cards, or that no source settles, as named settings.

Each setting has a documented default, the values it takes and where the default comes from; nothing in the program asks
for a vendor. A TOML file overrides settings by name: ``cardsim profile`` prints one with every setting explained.
The settings stand in groups, one module each, of which :class:`Profile` is the sum.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from cardsim.profiles.answers import AnswerSettings
from cardsim.profiles.chip import ChipSettings
from cardsim.profiles.choices import Tag60
from cardsim.profiles.contactless import ContactlessSettings
from cardsim.profiles.hrss import HrssSettings
from cardsim.profiles.native import NativeSettings
from cardsim.profiles.pki import PkiSettings
from cardsim.profiles.psam import PsamSettings
from cardsim.profiles.purse import PurseSettings
from cardsim.profiles.security import SecuritySettings
from cardsim.profiles.settings import ProfileError, Setting, converted, plain_value
from cardsim.zones.layouts import Layout

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Profile(
    PurseSettings,
    PsamSettings,
    AnswerSettings,
    SecuritySettings,
    HrssSettings,
    NativeSettings,
    PkiSettings,
    ContactlessSettings,
    ChipSettings,
):
    """The settings of one chip, the last base's first. Instances are values; :meth:`override` makes changed ones."""

    @classmethod
    def settings(cls) -> dict[str, Setting]:
        """Every setting's description by its name, in the order they are declared."""
        return {entry.name: entry.metadata["setting"] for entry in fields(cls)}

    def override(self, values: Mapping[str, object]) -> Self:
        """Return the profile with ``values`` (as TOML or JSON gives them) in place of its own.

        Raises :class:`ProfileError` naming the setting, for an unknown name or a value outside its bounds.
        """
        known = {entry.name: entry for entry in fields(self)}
        changes: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                near = difflib.get_close_matches(name, known, 1)
                hint, hint_zh = (f"; did you mean {near[0]!r}?", f";是否为 {near[0]!r}?") if near else ("", "")
                raise ProfileError(f"there is no setting {name!r}{hint}", f"没有名为 {name!r} 的设置{hint_zh}")
            changes[name] = converted(known[name], value)
        return replace(self, **changes)

    def plain(self) -> dict[str, object]:
        """Return all settings as JSON and TOML can hold them; :meth:`override` takes them back."""
        return {entry.name: plain_value(getattr(self, entry.name)) for entry in fields(self)}

    def dir_sfi_for(self, layout: Layout) -> int:
        """Return the SFI of the HRSS DIR."""
        return self.dir_sfi or (0x0B if layout is Layout.V1_00 else 0x1E)

    def tag_60_files_for(self, layout: Layout) -> tuple[str, ...]:
        """Return the files that have tag 60."""
        if self.tag_60_file is not Tag60.AS_LISTED:
            return (self.tag_60_file.value,)
        both = (Tag60.DF02_EF06.value, Tag60.DF03_EF05.value)
        return both if layout is Layout.V1_00 else both[:1]

    def spec_version_for(self, layout: Layout) -> str:
        """Return the text of EF05 tag 03."""
        return self.spec_version or layout.text
