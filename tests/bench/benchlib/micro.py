# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of the micro-benchmark, run in dom0 and in a guest."""

import dataclasses
import os
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


def arguments(lab, chosen):
    return (["-q"] if lab.options.quick else []) + list(chosen)


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

    def __init__(self, vcpus, kernel=None):
        """kernel: an ELF file in place of the stock kernel."""
        self.name = "guest" if vcpus == 1 else "guest%d" % vcpus
        self.vcpus = vcpus
        self.kernel = kernel

    def job(self, lab, chosen):
        """What its shell is told."""
        return shlex.join(["/bench/micro"] + arguments(lab, chosen)) + "\n"

    def pack(self, lab, folder, chosen):
        """What is laid over the lab's busybox guest."""
        return guest.pack(folder, {"micro": lab.built("microbench")}, self.job(lab, chosen))

    def run(self, lab, column, chosen):
        if column == "none":
            return super().run(lab, column, chosen)
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            path = os.path.join(folder, "counts")
            put = guest.files(self.pack(lab, folder, chosen)) + guest.scripts("run-guest", "domains.sh")
            command = "bash /root/run-guest %s %d" % (column, self.vcpus)
            if self.kernel:
                put.append((self.kernel, "/root/kernel"))
                command += " kernel=/root/kernel"
            lines = lab.boot(column, command, toolstack=True, put=put, what=self.name, plugin=lab.counting(path))
            return parse(lines, path, chosen, column, "%s on %s" % (self.name, column))


class WithKernel(Guest):
    """A guest of one vcpu with the kernel in a folder; on the bare machine the same kernel with the guest's own files,
    as it may have no driver for what tests/lab/host has."""

    def __init__(self, folder):
        super().__init__(1, os.path.join(folder, "vmlinux"))
        self.image = os.path.join(folder, "vmlinuz")

    def run(self, lab, column, chosen):
        if column != "none":
            return super().run(lab, column, chosen)
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            path = os.path.join(folder, "counts")
            initrd = guest.initrd(folder, self.pack(lab, folder, chosen))
            lines = lab.boot_bare(self.image, initrd, "rdinit=/bench/init", self.name, lab.counting(path))
            return parse(lines, path, chosen, column, "%s on the bare machine" % self.image)
