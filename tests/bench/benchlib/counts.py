# SPDX-License-Identifier: GPL-2.0-or-later
"""What the counting plugin wrote, by privilege and function."""

import bisect
import collections
import os
import re
import subprocess

from .machine import BenchError, symbols

# Where either hypervisor lives in every address space; the kernel is above.
HYPERVISOR_BEGIN = 0xffff800000000000
KERNEL_BEGIN = 0xffff880000000000

# Instructions that cost more than one: by the bytes they begin with, after legacy and REX prefixes.
EXPENSIVE = (
    ("iret", re.compile("^cf")), ("mov to cr3", re.compile("^0f22(d8|d9|da|db|dc|dd|de|df)")),
    ("mov to another control register", re.compile("^0f22")), ("wrmsr", re.compile("^0f30")),
    ("rdmsr", re.compile("^0f32")), ("invlpg", re.compile("^0f01(3[89a-f]|7[89a-f]|b[89a-f])")),
    ("swapgs", re.compile("^0f01f8")), ("lfence", re.compile("^0fae(e8)")), ("mfence", re.compile("^0fae(f0)")),
    ("sysret", re.compile("^0f07")), ("cpuid", re.compile("^0fa2")), ("in or out", re.compile("^(e[4-7]|e[c-f])")),
    ("load of a segment register", re.compile("^8e")), ("lgdt, lidt", re.compile("^0f01(1|5|9|d)[0-9a-f]")),
    ("clts", re.compile("^0f06")),
)
PREFIXES = re.compile("^((26|2e|36|3e|64|65|66|67|f0|f2|f3)*)(4[0-9a-f])?")
# Those that wait for all before them, or throw away what was fetched, predicted or translated.
SERIALIZING = ("iret", "mov to cr3", "mov to another control register", "wrmsr", "invlpg", "swapgs", "lfence",
               "mfence", "cpuid", "lgdt, lidt")
# The mark of a piece of work (tests/bench/micro/mark.h).
WORK_MARK = "0f1f8005004e7e"
LOCKED = re.compile("^(26|2e|36|3e|64|65|66|67|f2|f3)*f0")


class Symbols:
    """Function names by address, of nm's kind of list."""

    def __init__(self, lines):
        table = []
        for line in lines:
            words = line.split()
            if len(words) >= 3 and words[1] in "tTwW":
                table.append((int(words[0], 16), words[2]))
        table.sort()
        self.addresses = [address for address, _ in table]
        self.names = [name for _, name in table]

    def name(self, address):
        index = bisect.bisect_right(self.addresses, address) - 1
        return self.names[index] if index >= 0 else "?"


class Work:
    """The instructions of one row on one kind of machine, for one unit of work."""

    def __init__(self, kind, intervals, lines, count):
        self.kind = kind
        self.intervals = intervals
        self.lines = lines
        self.count = count

    @property
    def units(self):
        return self.intervals * self.count

    def side(self, address):
        """Who runs at that address: user, kernel, or the hypervisor under its name."""
        if address < HYPERVISOR_BEGIN:
            return "user"
        return self.kind if address < KERNEL_BEGIN else "kernel"

    def per_mark(self):
        """The same for each piece of work that was marked as one, of which there must be some."""
        marks = sum(times for _, times, code in self.lines if code == WORK_MARK)
        if not marks:
            raise BenchError("%s: no work was marked as done" % self.kind)
        return Work(self.kind, 1, self.lines, marks)

    def without_hypervisor(self):
        """What the kernel and its programs executed."""
        lines = [line for line in self.lines if self.side(line[0]) != self.kind]
        return Work("none", self.intervals, lines, self.count)

    def minus(self, other):
        """What this did beyond the other, for the units of work beyond the other's."""
        return Work(self.kind, self.intervals, self._beyond(other), self.count - other.count)

    def added_to(self, other):
        """What this did beyond the other, for each unit of work, of which both did as many."""
        return Work(self.kind, self.intervals, self._beyond(other), self.count)

    def _beyond(self, other):
        sums = collections.Counter({(address, code): times for address, times, code in self.lines})
        sums.subtract({(address, code): times for address, times, code in other.lines})
        return [(address, times, code) for (address, code), times in sums.items()]

    def total(self):
        """Instructions for one unit of work."""
        return sum(times for _, times, _ in self.lines) / self.units

    def sides(self):
        """{who: instructions}."""
        sums = collections.Counter()
        for address, times, _ in self.lines:
            sums[self.side(address)] += times
        return {side: times / self.units for side, times in sums.items()}

    def expensive(self):
        """{kind of instruction: times} in the hypervisor."""
        sums = collections.Counter()
        for address, times, code in self.lines:
            if self.side(address) == self.kind:
                sums[_kind(code)] += times
        del sums[None]
        return {name: times / self.units for name, times in sums.items()}


def read(path):
    """What the plugin wrote: [(intervals, [(address, times, bytes)])], one for each row in the order they ran."""
    rows = []
    with open(path, encoding="ascii") as file:
        for line in file:
            word, *rest = line.split()
            if word == "intervals":
                rows.append((int(rest[0]), []))
            else:
                rows[-1][1].append((int(word, 16), int(rest[0]), rest[1]))
    return rows


class Profile:
    """Prints where the instructions of a row go. kernel: lines of kallsyms; hypervisor: Tenon's ELF file."""

    def __init__(self, work, kernel, hypervisor):
        self.work, self.hypervisor = work, hypervisor
        self.kernel = Symbols(kernel)
        self.own = None
        if work.kind == "tenon":
            self.own = Symbols(symbols(hypervisor))

    def function(self, address):
        side = self.work.side(address)
        if side == "kernel":
            return side, self.kernel.name(address)
        if side == "user" or not self.own:
            return side, "(%s)" % side
        return side, self.own.name(address)

    def functions(self):
        """{(who, function): instructions for one unit of work}"""
        sums = collections.Counter()
        for address, times, _ in self.work.lines:
            sums[self.function(address)] += times / self.work.units
        return sums

    def print_against(self, other, top):
        """The functions whose instructions differ most from those on another machine."""
        more = self.functions()
        more.subtract(other.functions())
        print("instructions for one unit of work: {:,.1f} ({}), {:,.1f} ({}); {:+,.1f} by function:".format(
            self.work.total(), self.work.kind, other.work.total(), other.work.kind,
            self.work.total() - other.work.total()))
        ordered = sorted(more.items(), key=lambda item: -abs(item[1]))
        for (side, name), times in ordered[:top]:
            print("{:+12,.1f}  {:7} {}".format(times, side, name))

    def print(self, top, with_lines):
        functions = self.functions()
        sides = collections.Counter(self.work.sides())
        print("instructions for one unit of work: {:,.1f}".format(sum(sides.values())))
        for side, times in sides.most_common():
            print("{:12,.1f}  {}".format(times, side))
        print("functions with most:")
        for (side, name), times in functions.most_common(top):
            print("{:12,.1f}  {:7} {}".format(times, side, name))
        print("of these in the hypervisor:")
        for name, times in collections.Counter(self.work.expensive()).most_common():
            print("{:12,.1f}  {}".format(times, name))
        if with_lines and self.own:
            self._print_lines()

    def _print_lines(self):
        own = sorted(line for line in self.work.lines if self.work.side(line[0]) == self.work.kind)
        text = "\n".join("%x" % address for address, _, _ in own)
        output = subprocess.run(["addr2line", "-e", self.hypervisor], input=text.encode(), stdout=subprocess.PIPE,
                                check=True).stdout.decode().splitlines()
        print("the hypervisor's instructions:")
        for (address, times, _), line in zip(own, output):
            print("{:12,.1f}  {:x} {:28} {}".format(times / self.work.units, address, self.own.name(address),
                                                    os.path.basename(line)))


def _kind(code):
    if LOCKED.match(code):
        return "locked"
    bare = code[PREFIXES.match(code).end():]
    for name, pattern in EXPENSIVE:
        if pattern.match(bare):
            return name
    return None
