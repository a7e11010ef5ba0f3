"""The directories below SSSE, one module each (facts hrss-card 1 and 2.4-2.8), and the keys of all levels.

Records stand in the order of the sheet, which is the order on the card. Layout 3.00 is 2.00; what the sheet lists for
1.00 alone or not at all exists there or not. How sure an element is:

* AGREED: several sources agree on tag and length, and one at least names it; SEEN_ONCE: named without a second source;
* INFERRED: the name comes from sample values, from the same tag in another layout, or is a neutral one
  (``element_41``); lengths are the sheet's;
* LENGTH_UNKNOWN: only the tag is known; 20 bytes of text unless the profile setting element_sizes says otherwise.

Settled here where the sheet leaves a choice:

* DF05, DF06 and DF07 are listed by sources of layout 2.00 only, so 1.00 has none; DF01 EF15-1A and DF04 EF15 likewise.
* DF0A is left out: three tags in a database are all that is known of it.
* DF01 EF07 has tag 29 alone (two sources; one adds a second 2A), DF03 EF19 no 75-78 behind its 79s (one source has).
* Tag 60: DF02 EF06 and DF03 EF05 both list it, exactly one owns it (facts hrss-card 11): the setting tag_60_file. By
  default it is DF02 EF06, as the sample of DF03 EF05 has no place for it; in layout 1.00 both.
* Write keys that nobody knows: :mod:`cardsim.zones.hrss_areas.keys`.
"""

from __future__ import annotations

from cardsim.zones.hrss_areas.df01 import DF01
from cardsim.zones.hrss_areas.df02 import DF02
from cardsim.zones.hrss_areas.df03 import DF03
from cardsim.zones.hrss_areas.df04 import DF04
from cardsim.zones.hrss_areas.df05 import DF05
from cardsim.zones.hrss_areas.df06 import DF06
from cardsim.zones.hrss_areas.df07 import DF07
from cardsim.zones.hrss_areas.keys import SSSE_KEYS

__all__ = ["DF01", "DF02", "DF03", "DF04", "DF05", "DF06", "DF07", "SSSE_KEYS"]
