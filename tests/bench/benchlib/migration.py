# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that works moves between two hosts of tests/lab/pair: what its client sees, what is sent, how long it takes."""

import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile

from . import guest
from .machine import BENCH, BUILD, TOP, BenchError

WORKLOADS = ("idle", "dirty=500", "diabolical", "tcp", "disk", "build")
TITLES = ("workload", "hypervisor", "client's longest gap, ms", "before it, ms", "stood still, ms", "total, ms",
          "sent / memory", "sent / used", "rounds")
MIGRATE = "bash /root/migrate"


class Move:
    """One migration, as tests/bench/guest/migrate tells it."""

    def __init__(self, told):
        self.gap = told["gap_us"] / 1000            # ms, as all times here
        self.gap_before = told["gap_before_us"] / 1000
        self.downtime = told["downtime_ms"]         # None: the tool does not say
        self.total = told["total_us"] / 1000
        self.by_memory = told["bytes"] / told["memory"]
        self.by_used = told["bytes"] / told["used"]
        self.rounds = told["rounds"]


class Beside:
    """What runs beside the two hosts, in the environment that tests/lab/pair makes."""

    def __init__(self, options):
        self.options = options
        self.at, self.other = "A", "B"              # the guest is at the first

    def ask(self, host, words):
        """Runs it in dom0 of the host; what it printed, without the messages of what fails."""
        command = shlex.split(os.environ[host]) + ["%s %s" % (MIGRATE, words)]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        text = result.stdout.decode(errors="replace").strip()
        if result.returncode != 0:
            raise BenchError("%s: %s: %s" % (host.lower(), words, text))
        return text

    def swap(self):
        self.at, self.other = self.other, self.at

    def move(self, workload):
        text = self.ask(self.at, "run %s %s %s" % (self.other.lower(), workload, " ".join(self.options.tool)))
        self.swap()
        return json.loads(text.splitlines()[-1])

    def ping_pong(self, times, told):
        """There and back so often, one client watching all the way; how often it went well is told after each time."""
        self.ask("A", "watch")
        for done in range(1, times + 1):
            for _ in range(2):
                self.ask(self.at, "move %s %s" % (self.other.lower(), " ".join(self.options.tool)))
                self.swap()
            told["ping_pong"] = {"times": done, "gap_us": None}
            self.write(told)
        told["ping_pong"]["gap_us"] = int(self.ask("A", "watched").splitlines()[-1])

    def moves(self):
        """The guest with each workload in turn, from where it has come to."""
        self.ask("A", "create %d" % self.options.guest_mem)
        for workload in self.options.workload * self.options.repeat:
            move = dict(self.move(workload), workload=workload)
            print("migrate: %s: %s" % (workload, move), file=sys.stderr, flush=True)
            yield move

    def run(self):
        """All of it; writes what is to tell after each move, so that it is there if time runs out."""
        told = {"moves": [], "failed": "time ran out", "ping_pong": None}
        try:
            for move in self.moves():
                told["moves"].append(move)
                self.write(told)
            if self.options.ping_pong:
                if self.at != "A":
                    self.move("idle")
                self.ping_pong(self.options.ping_pong, told)
            told["failed"] = None
        except BenchError as error:
            told["failed"] = str(error)
        self.write(told)
        return 1 if told["failed"] else 0

    def write(self, told):
        with open(self.options.beside, "w", encoding="utf-8") as file:
            json.dump(told, file)


def run_pair(hypervisor, options, disk):
    """Boots the two hosts and does the work beside them; what run() above wrote."""
    with tempfile.TemporaryDirectory(prefix="tenon-bench.") as folder:
        path = os.path.join(folder, "told")
        words = [os.path.join(TOP, "tests", "lab", "pair"), "--hypervisor", hypervisor, "--mem", str(options.mem),
                 "--storage", disk, "--timeout", str(options.timeout)]
        if hypervisor == "xen":
            words += ["--xen", guest.made("xen-live")]
        if options.log:
            words += ["--log", "%s.%s" % (options.log, hypervisor)]
        for name in ("migrate", "migrate-job", "domains.sh"):
            words += ["--put", "%s:/root/" % os.path.join(guest.SCRIPTS, name)]
        words += ["--put", "%s:/root/" % os.path.join(BUILD, "tests", "bench", "load"), "--"]
        words.append(shlex.join([sys.executable, os.path.join(BENCH, "migrate"), "--beside", path, *options.again]))
        print("migrate: booting two hosts of %s" % hypervisor, file=sys.stderr, flush=True)
        status = subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            raise BenchError("the hosts of %s: status %d" % (hypervisor, status)) from None


def spread(values, form="%.0f"):
    """The median, and the least and greatest of more than one."""
    values = [value for value in values if value is not None]
    if not values:
        return "-"
    middle = form % statistics.median(values)
    return middle if len(values) == 1 else "%s (%s-%s)" % (middle, form % min(values), form % max(values))


def cells(workload, hypervisor, moves):
    def column(name, form="%.0f"):
        return spread([getattr(move, name) for move in moves], form)

    return (workload, hypervisor, column("gap"), column("gap_before"), column("downtime"), column("total"),
            column("by_memory", "%.2f"), column("by_used", "%.2f"), column("rounds"))


def rows(told):
    """The table: each workload on each hypervisor. told: {hypervisor: what run() wrote}"""
    found = {}
    for hypervisor, one in told.items():
        for move in one["moves"]:
            found.setdefault((move["workload"], hypervisor), []).append(Move(move))
    order = [workload for workload in dict.fromkeys(key[0] for key in found)]
    return [cells(workload, hypervisor, found[workload, hypervisor]) for workload in order for hypervisor in told
            if (workload, hypervisor) in found]


def table(told, markdown):
    """Text of the table."""
    lines = [TITLES, *rows(told)]
    if markdown:
        rule = ["---", "---"] + ["--:"] * (len(TITLES) - 2)
        return "".join("| %s |\n" % " | ".join(line) for line in [lines[0], rule, *lines[1:]])
    widths = [max(len(line[i]) for line in lines) for i in range(len(TITLES))]
    return "".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() + "\n" for line in lines)
