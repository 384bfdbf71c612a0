# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the micro-benchmark, run in dom0 and in a guest."""

import dataclasses
import os
import re
import shlex
import subprocess
import tempfile
from typing import Optional

from . import counts, guest
from .machine import BenchError
from .row import Row

# The guest's clock must agree with the time stamp counter by which rows are measured.
CLOCK_TOLERANCE = 0.002


def names(lab):
    """The names of all rows, as the program itself lists them."""
    result = subprocess.run([lab.built("microbench"), "-l"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            check=True)
    return result.stdout.decode().splitlines()


def pattern(chosen):
    """A regular expression for exactly these rows."""
    return "^(%s)$" % "|".join(re.sub(r"([.*+?()\[\]{}|^$\\])", r"\\\1", name) for name in chosen)


def arguments(lab, chosen):
    return (["-q"] if lab.options.quick else []) + [pattern(chosen)]


@dataclasses.dataclass
class Value:
    """One row on one machine: time in nanoseconds, and the counted instructions unless the row has no marks."""

    unit: str
    time: float
    work: Optional[counts.Work]


def parse(lines, path, chosen, column, what):
    """{name: Value} of what the program printed and the plugin wrote to path."""
    values = {}
    counted = iter(counts.read(path))
    for line in lines:
        kind, *fields = line.strip().split("|")
        if kind == "row" and len(fields) == 5:
            name, unit, _, median, count = fields
            intervals, instructions = next(counted)
            work = counts.Work(column, intervals, instructions, int(count)) if intervals else None
            values[name] = Value(unit, float(median), work)
        elif kind == "clock":
            ticks, nanoseconds = map(float, fields)
            if abs(ticks / nanoseconds - 1) > CLOCK_TOLERANCE:
                raise BenchError("%s: the clock is wrong: %d ticks in %d ns" % (what, ticks, nanoseconds))
    missing = [name for name in chosen if name not in values]
    if missing:
        raise BenchError("%s: no result of %s" % (what, ", ".join(missing)))
    return values


class Dom0:
    """In dom0, or what would be dom0 if there were a hypervisor. The measured bare values serve other groups too."""

    name = "dom0"
    bare = {}

    def rows(self, lab):
        return names(lab)

    def run(self, lab, column, chosen):
        command = shlex.join(["/root/microbench"] + arguments(lab, chosen))
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            path = os.path.join(folder, "counts")
            lines = lab.boot(column, command, put=guest.files(lab.built("microbench")), plugin=lab.counting(path))
            return parse(lines, path, chosen, column, "dom0 on " + column)

    def work(self, lab, column, name):
        return self.run(lab, column, [name])[name].work

    def bare_values(self, lab, chosen):
        missing = [name for name in chosen if name not in Dom0.bare]
        if missing:
            Dom0.bare.update(self.run(lab, "none", missing))
        return Dom0.bare

    def measure(self, lab, chosen):
        bare = self.bare_values(lab, chosen)
        xen = self.run(lab, "xen", chosen)
        tenon = self.run(lab, "tenon", chosen)
        return [Row("%s/%s" % (self.name, name), "ns per " + bare[name].unit, bare[name].time, xen[name].time,
                    tenon[name].time, {"none": bare[name].work, "xen": xen[name].work, "tenon": tenon[name].work})
                for name in chosen]


class Guest(Dom0):
    """In a guest with a number of processors. Beside it only its own dom0 runs, and idles."""

    def __init__(self, vcpus):
        self.name = "guest" if vcpus == 1 else "guest%d" % vcpus
        self.vcpus = vcpus

    def run(self, lab, column, chosen):
        if column == "none":
            return super().run(lab, column, chosen)
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            job = shlex.join(["/bench/micro"] + arguments(lab, chosen)) + "\n"
            path = os.path.join(folder, "counts")
            put = guest.files(guest.pack(folder, {"micro": lab.built("microbench")}, job))
            put += guest.scripts("run-guest", "domains.sh")
            lines = lab.boot(column, "bash /root/run-guest %s %d" % (column, self.vcpus), toolstack=True, put=put,
                             what=self.name, plugin=lab.counting(path))
            return parse(lines, path, chosen, column, "%s on %s" % (self.name, column))
