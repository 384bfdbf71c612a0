# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows that are whole commands: what they cost the processor in all domains and the hypervisor, without waiting."""

import collections
import os
import subprocess
import tempfile

from . import counts, elf, guest
from .machine import BENCH, NS_PER_INSTRUCTION, BenchError, debian_root, image
from .micro import parse
from .row import Row


def total(work):
    return work.total() * NS_PER_INSTRUCTION


class Cost:
    """A group whose script in dom0 prints rows "NAME#PART" for the parts that a row is made of."""

    columns = ("xen", "tenon")
    whole = True    # as in Row

    def rows(self, lab):
        del lab
        return list(self.names)

    def more(self, column):
        """Options of tests/lab/host."""
        del column
        return []

    def run(self, lab, column):
        """{row: (its unit, its Work)}"""
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            path = os.path.join(folder, "counts")
            command = "bash /root/%s %s %s" % (self.name, column, self.arguments(lab))
            lines = lab.boot(column, command.strip(), toolstack=column != "none", put=self.put(lab, folder),
                             what=self.name, plugin=lab.counting(path), more=self.more(column))
            values = parse(lines, path, (), column, "%s on %s" % (self.name, column))
        parts = collections.defaultdict(dict)
        for name, value in values.items():
            row, _, part = name.partition("#")
            parts[row][part] = value
        return {row: (next(iter(found.values())).unit, self.join({part: value.work for part, value in found.items()}))
                for row, found in parts.items()}

    def work(self, lab, column, name):
        return self.run(lab, column)[name][1]

    def measure(self, lab, chosen):
        works = {column: self.run(lab, column) for column in self.columns}
        return [self.row(name, works) for name in chosen]

    def row(self, name, works):
        for column in ("xen", "tenon"):
            if name not in works[column]:
                raise BenchError("%s on %s: no result of %s" % (self.name, column, name))
        (unit, xen), (_, tenon) = works["xen"][name], works["tenon"][name]
        bare = self.bare(name, works)
        return Row("%s/%s" % (self.name, name), "ns per " + unit, bare and total(bare), total(xen), total(tenon),
                   {"none": bare, "xen": xen, "tenon": tenon}, self.whole)

    def bare(self, name, works):
        """The bare machine's Work beside a row, or None."""
        return works["none"][name][1] if "none" in works else None

    def arguments(self, lab):
        del lab
        return ""


class Host:
    """From the hypervisor's first instruction to dom0's, whose kernel both get unpacked."""

    name = "host"

    def rows(self, lab):
        del lab
        return ["boot, to dom0's first instruction"]

    def run(self, lab, column):
        kernel = os.path.join(image(), "vmlinux")
        span = (elf.entry(lab.hypervisor(column)), elf.pv_entry(kernel))
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            path = os.path.join(folder, "counts")
            lab.boot(column, "true", what=self.name, plugin=lab.counting(path, span), more=["--kernel", kernel])
            (intervals, lines), = counts.read(path)
        return counts.Work(column, intervals, lines, 1)

    def work(self, lab, column, name):
        del name
        return self.run(lab, column)

    def measure(self, lab, chosen):
        xen, tenon = self.run(lab, "xen"), self.run(lab, "tenon")
        return [Row("%s/%s" % (self.name, name), "ns", None, total(xen), total(tenon), whole=True) for name in chosen]


class Around(Cost):
    """Rows of what bare machines have not: what the kernels execute around it, on Tenon, takes their place."""

    whole = False

    def bare(self, name, works):
        return works["tenon"][name][1].without_hypervisor()


class Slope(Cost):
    """Each row has a small and a large part; what counts is what the large one does beyond the small one."""

    def join(self, parts):
        return parts["large"].minus(parts["small"]) if len(parts) > 1 else parts[""]


class Lifecycle(Cost):
    """Making and ending guests."""

    name = "lifecycle"
    names = ("create a tiny guest, until it runs", "destroy a tiny guest",
             "create a stock guest with disk and interface, paused", "destroy a stock guest with disk and interface")

    def arguments(self, lab):
        return "1" if lab.options.quick else "3"

    def put(self, lab, folder):
        del folder
        return guest.scripts("lifecycle", "domains.sh") + guest.files(lab.built("measure"), lab.built("idle.elf"))

    def join(self, parts):
        """The median of the samples; number 0 warms up."""
        samples = sorted((work for number, work in parts.items() if number != "0"), key=total)
        return samples[len(samples) // 2]


class Block(Slope):
    """Requests of a guest to its disk; on the bare machine to the device itself."""

    name = "block"
    columns = ("none", "xen", "tenon")
    names = tuple("%s, %s, %s" % (disk, mode, size) for disk in ("file", "ram") for mode in ("read", "write")
                  for size in ("4 KiB", "1 MiB"))

    def put(self, lab, folder):
        programs = {"measure": lab.built("measure")}
        archive = guest.pack(folder, programs, jobs=["block-job"], debian=["/usr/bin/fio"], root=debian_root())
        return guest.scripts("block", "block-job", "domains.sh") + guest.files(archive, programs["measure"])


class Network(Slope):
    """Streams and single requests from a guest."""

    name = "network"
    names = tuple("%s, %s" % (way, work) for way in ("guest to dom0", "guest to guest")
                  for work in ("TCP stream", "TCP request and answer"))

    def put(self, lab, folder):
        programs = {"measure": lab.built("measure"), "turns": lab.built("turns")}
        archive = guest.pack(folder, programs, jobs=["network-job", "network-server"], debian=["/usr/bin/iperf3"],
                             root=debian_root())
        return guest.scripts("network", "domains.sh") + guest.files(archive, programs["turns"])


class Events(Around):
    """From a program in dom0 to a tiny guest."""

    name = "event"
    names = ("to another domain, and back",)

    def arguments(self, lab):
        return "100" if lab.options.quick else "500"

    def put(self, lab, folder):
        del folder
        return guest.scripts("event", "domains.sh") + guest.files(lab.built("events"), lab.built("answer.elf"))

    def join(self, parts):
        return parts[""]


class Many(Around):
    """Many guests on one processor: what it costs that they take turns."""

    name = "many"

    names = ("guests, each computing", "guests, each waking 100 times a second")

    def rows(self, lab):
        return ["%d %s" % (self.number(lab), name) for name in self.names]

    def number(self, lab):
        return 16 if lab.options.quick else 64

    def arguments(self, lab):
        return str(self.number(lab))

    def put(self, lab, folder):
        del folder
        return guest.scripts("many", "domains.sh") + guest.files(lab.built("measure"), lab.built("worker.elf"))

    def join(self, parts):
        return parts[""].per_mark()


class Dirty(Cost):
    """A guest's work, and what it costs that its writes are logged; on a Xen that can do that."""

    name = "dirty"
    works = ("1024 pages written in 2 ms of work", "fork, 64 pages written, exit, wait")
    OFF, ADDED = "not logged", "added by the log"

    def rows(self, lab):
        del lab
        return ["%s, %s" % (name, what) for name in self.works for what in (self.OFF, self.ADDED)]

    def more(self, column):
        return ["--xen", guest.made("xen-live")] if column == "xen" else []

    def put(self, lab, folder):
        archive = guest.pack(folder, {"dirtied": lab.built("dirtied")}, jobs=["dirty-job"])
        return guest.scripts("dirty", "domains.sh") + guest.files(archive, lab.built("dirtylog"))

    def join(self, parts):
        return parts

    def run(self, lab, column):
        rows = {}
        for name, (unit, parts) in super().run(lab, column).items():
            for part in ("off", "on"):
                if part not in parts:
                    raise BenchError("dirty on %s: %s was not measured with the log %s" % (column, name, part))
            rows["%s, %s" % (name, self.OFF)] = unit, parts["off"]
            rows["%s, %s" % (name, self.ADDED)] = unit, parts["on"].added_to(parts["off"])
        return rows


class Build(Cost):
    """A package is built from its source, in dom0 and in a guest."""

    name = "build"
    columns = ("none", "xen", "tenon")
    whole = False
    names = ("dom0, make of dash, a single job", "guest, make of dash, a single job")

    def bare(self, name, works):
        del name
        return works["none"][self.names[0]][1]

    def more(self, column):
        del column
        file = guest.made("build-disk")
        disk = "-drive if=none,id={0},file={1},format=raw,snapshot=on -device virtio-blk-pci,drive={0}"
        return ["--qemu-append", disk.format("first", file), "--qemu-append", disk.format("second", file)]

    def put(self, lab, folder):
        programs = {"measure": lab.built("measure")}
        archive = guest.pack(folder, programs, jobs=["build-job"])
        return guest.scripts("build", "build-job", "domains.sh") + guest.files(archive, programs["measure"])

    def join(self, parts):
        return parts[""]
