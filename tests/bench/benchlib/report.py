# SPDX-License-Identifier: GPL-2.0-or-later
"""The comparison as a table, as JSON and as a picture."""

import json

from . import counts, plot
from .machine import NS_PER_INSTRUCTION

TITLES = ("row", "unit", "bare", "Xen", "Tenon", "Xen adds", "Tenon adds", "ratio", "floor")
COUNTED = ("row", "bare", "kernel adds", "Xen", "Tenon", "ratio", "Xen serializes", "Tenon serializes")
WHOLE = ("row", "Xen: programs", "kernels", "itself", "serializing", "Tenon: programs", "kernels", "itself",
         "serializing")


def number(value):
    return "-" if value is None else "{:,.0f}".format(value)


def fraction(value):
    return "-" if value is None else "%.2f" % value


def cells(row):
    return (row.name, row.unit, number(row.bare), number(row.xen), number(row.tenon), number(row.xen_adds),
            number(row.tenon_adds), fraction(row.ratio), fraction(floor(row)))


def split(row):
    """Where a row's instructions are executed, or None: what bare takes, what the same kernel takes more for being
    a guest (on Tenon), what each hypervisor executes, and how many serializing instructions that includes."""
    if not all(row.works.get(column) for column in ("none", "xen", "tenon")):
        return None
    sides = {column: work.sides() for column, work in row.works.items()}
    bare = sum(sides["none"].values())
    own = sides["tenon"].get("tenon", 0)
    return {"bare": bare, "kernel": sum(sides["tenon"].values()) - own - bare, "xen": sides["xen"].get("xen", 0),
            "tenon": own, "xen_serializing": serializing(row.works["xen"]),
            "tenon_serializing": serializing(row.works["tenon"])}


def serializing(work):
    """How many of the hypervisor's instructions are."""
    expensive = work.expensive()
    return sum(expensive.get(name, 0) for name in counts.SERIALIZING)


def entries(work):
    """How often the hypervisor was entered: each time it goes back by one of two instructions."""
    expensive = work.expensive()
    return expensive.get("iret", 0) + expensive.get("sysret", 0)


def shares(row):
    """{xen or tenon: {who: instructions}} of a row, or None."""
    if not all(row.works.get(column) for column in ("xen", "tenon")):
        return None
    found = {}
    for column in ("xen", "tenon"):
        sides = row.works[column].sides()
        found[column] = {"programs": sides.get("user", 0), "kernels": sides.get("kernel", 0),
                         "itself": sides.get(column, 0), "serializing": serializing(row.works[column])}
    return found


def floor(row):
    """The ratio that no hypervisor can go under: what the kernel itself executes more as a guest, by what Xen adds.
    None if that is not known."""
    parts = split(row)
    if not parts or row.whole or row.ratio is None:
        return None
    return max(0, parts["kernel"]) * NS_PER_INSTRUCTION / row.xen_adds


def split_cells(row):
    parts = split(row)
    ratio = parts["tenon"] / parts["xen"] if parts["xen"] else None
    return (row.name, number(parts["bare"]), number(parts["kernel"]), number(parts["xen"]), number(parts["tenon"]),
            fraction(ratio), "%.1f" % parts["xen_serializing"], "%.1f" % parts["tenon_serializing"])


def whole_cells(row):
    found = shares(row)
    return (row.name, *(number(value) for column in ("xen", "tenon") for value in found[column].values()))


def tables(rows, markdown):
    """Times, then where instructions are executed."""
    table([TITLES] + [cells(row) for row in rows], 2, markdown)
    counted = [split_cells(row) for row in rows if split(row) and not row.whole]
    if counted:
        print("\ninstructions: of the bare kernel, what the same kernel adds as a guest, of each hypervisor\n")
        table([COUNTED] + counted, 1, markdown)
    whole = [whole_cells(row) for row in rows if row.whole and shares(row)]
    if whole:
        print("\ninstructions of rows whose ratio is that of the whole: programs and kernels of all domains\n")
        table([WHOLE] + whole, 1, markdown)


def table(lines, left, markdown):
    """Prints lines of cells below the first, their titles; the first columns (left of them) start at the left."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    edge, joint = ("| ", " | ") if markdown else ("", "  ")
    for index, line in enumerate(lines):
        text = joint.join(cell.ljust(width) if i < left else cell.rjust(width)
                          for i, (cell, width) in enumerate(zip(line, widths)))
        print((edge + text + edge[::-1]).rstrip())
        if markdown and index == 0:
            print("|" + "|".join("-" * (width + 2) if i < left else "-" * (width + 1) + ":"
                                 for i, width in enumerate(widths)) + "|")


def write_json(rows, options):
    content = {
        "cpu": options.cpu,
        "quick": options.quick,
        "rows": [{"name": row.name, "unit": row.unit, "bare": row.bare, "xen": row.xen, "tenon": row.tenon,
                  "ratio": _rounded(row.ratio), "floor": _rounded(floor(row)), "whole": row.whole,
                  "instructions": split(row), "shares": shares(row)}
                 for row in rows],
    }
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def _rounded(value):
    return None if value is None else round(value, 4)


def draw(rows, options):
    """A bar for each row's ratio; Xen is the line at 1. The first part of a bar is what the kernel itself adds as a
    guest, which is the same on both."""
    drawn = [row for row in rows if row.ratio is not None]
    bars = "\n".join("%s %.4f %.4f" % (plot.quote(row.name), row.ratio, floor(row) or 0) for row in reversed(drawn))
    plot.run(options.svg, (900, 140 + 22 * len(drawn)), BARS % (bars, options.cpu, len(drawn) - 1))


BARS = """
$data << END
%s
END
set title "Added to the bare kernel's instructions, as a part of what Xen adds (%s)" offset 0,1
set xrange [0:1.1<*]
set yrange [-0.7:%d.7]
set ytics nomirror
set xtics nomirror
set grid x
set style fill solid noborder
set arrow 1 from 1, graph 0 to 1, graph 1 nohead front lc rgb "#a03030" lw 2
set arrow 2 from 0.33, graph 0 to 0.33, graph 1 nohead front lc rgb "#309030" dt 2 lw 2
set label 1 "Xen" at 1, graph 1.02 center
set label 2 "0.33" at 0.33, graph 1.02 center
set key below
plot $data using ($2/2):0:($2/2):(0.36):yticlabels(1) with boxxyerror lc rgb "#3060a0" title "Tenon", \
     $data using ($3/2):0:($3/2):(0.36) with boxxyerror lc rgb "#a0b8d8" title "of this the guest kernel itself"
"""
