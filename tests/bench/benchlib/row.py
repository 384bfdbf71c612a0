# SPDX-License-Identifier: GPL-2.0-or-later
"""One row of the comparison."""

import dataclasses
from typing import Optional


@dataclasses.dataclass
class Row:
    """Nanoseconds on each of the machines, for one unit of work; bare is None where bare machines have no such.

    works has what was counted on each machine (counts.Work), or nothing for rows that are not counted. whole: the
    ratio is that of the whole cost; for rows without a bare counterpart, or whose cost is mostly the kernel's own."""

    name: str
    unit: str
    bare: Optional[float]
    xen: float
    tenon: float
    works: dict = dataclasses.field(default_factory=dict)
    whole: bool = False

    @property
    def xen_adds(self):
        return self.xen - (self.bare or 0)

    @property
    def tenon_adds(self):
        return self.tenon - (self.bare or 0)

    @property
    def ratio(self):
        """What Tenon adds by what Xen adds; None where Xen adds next to nothing, which no ratio describes."""
        if self.whole:
            return self.tenon / self.xen
        if self.xen_adds < 0.02 * self.xen:
            return None
        return self.tenon_adds / self.xen_adds
