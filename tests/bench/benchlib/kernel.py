# SPDX-License-Identifier: GPL-2.0-or-later
"""Rows of hypercalls, made by a tiny kernel (tests/bench/kernel) that is booted as dom0 of either hypervisor."""

import os
import re
import tempfile

from .machine import BENCH, NS_PER_INSTRUCTION
from .micro import parse
from .row import Row

# Where Tenon finds by itself what its serial port wants.
XEN_WORDS = ("com1=115200,8n1", "noreboot=no")

ROW = re.compile(r'^ROW\(.*"([^"]*)"\)$', re.MULTILINE)

# Where the work itself is in the hypervisor: the row in which a kernel does that work, as it would on a bare machine.
ITSELF = {"grant copy of 1 page": "copy of 1 page by the kernel itself"}


class Kernel:
    """There is no bare machine for hypercalls: what the kernel executes around them takes its place, or in its stead."""

    name = "hypercall"

    def rows(self, lab):
        """The names, as the kernel's own source lists them."""
        del lab
        with open(os.path.join(BENCH, "kernel", "rows.def"), encoding="ascii") as file:
            return ROW.findall(file.read())

    def run(self, lab, column, chosen):
        with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
            path = os.path.join(folder, "counts")
            words = ["dom0_max_vcpus=2", *(lab.options.hyp_append if column == "tenon" else XEN_WORDS)]
            lines = lab.boot_kernel(column, "kernel.elf", words, self.name, lab.counting(path))
            return parse(lines, path, chosen, column, "%s on %s" % (self.name, column))

    def work(self, lab, column, name):
        return self.run(lab, column, [name])[name].work

    def measure(self, lab, chosen):
        xen = self.run(lab, "xen", chosen)
        tenon = self.run(lab, "tenon", chosen)
        return [self.row(name, xen[name], tenon[name], tenon[ITSELF.get(name, name)]) for name in chosen]

    def row(self, name, xen, tenon, itself):
        own = itself.work and itself.work.without_hypervisor()
        bare = sum(own.sides().values()) * NS_PER_INSTRUCTION if own else None
        return Row("%s/%s" % (self.name, name), "ns per " + xen.unit, bare, xen.time, tenon.time,
                   {"none": own, "xen": xen.work, "tenon": tenon.work})
