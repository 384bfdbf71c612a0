# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines that are measured: boots them through tests/lab/host, all counting instructions."""

import os
import shlex
import subprocess
import sys

BENCH = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TOP = os.path.dirname(os.path.dirname(BENCH))
BUILD = os.path.abspath(os.environ.get("TENON_BUILD") or os.path.join(TOP, "build"))
COLUMNS = ("none", "xen", "tenon")
TIMEOUT = 1800


class BenchError(Exception):
    """Its text names what failed; compare prints it and ends with 1."""


class Lab:
    """Where things are, and one boot at a time."""

    def __init__(self, options):
        self.options = options
        self.boots = 0
        if not os.path.exists(os.path.join(BUILD, "Makefile")):
            raise BenchError("there is no build in %s; run ./quickstart build" % BUILD)
        command = ["make", "-s", "--no-print-directory", "-C", BUILD, "bench"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
            raise BenchError("what is to be measured does not build: " + shlex.join(command))

    def built(self, name):
        return os.path.join(BUILD, "tests", "bench", name)

    def boot(self, column, command, put=(), toolstack=False, what="dom0", counts=None):
        """Runs command in dom0 of a machine of that kind; the lines it printed. counts: a file for the plugin."""
        words = [os.path.join(TOP, "tests", "lab", "host"), "--hypervisor", column, "--icount",
                 "--cpu", self.options.cpu, "--timeout", str(TIMEOUT)]
        if counts:
            words += ["--qemu-append", "-plugin %s,out=%s" % (self.built("count.so"), counts)]
        if column == "none":
            # Its addresses would differ from those of the kernel as dom0.
            words += ["--dom0-append", "nokaslr"]
        if not toolstack:
            words.append("--no-toolstack")
        if column == "tenon":
            for text in self.options.hyp_append:
                words += ["--hyp-append", text]
        for source, target in put:
            words += ["--put", "%s:%s" % (source, target)]
        if self.options.keep:
            os.makedirs(self.options.keep, exist_ok=True)
            self.boots += 1
            words += ["--log", os.path.join(self.options.keep, "%d-%s-%s.console" % (self.boots, what, column))]
        print("compare: booting %s for %s" % (column, what), file=sys.stderr, flush=True)
        result = subprocess.run(words + ["--", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                check=False, env=dict(os.environ, TENON_BUILD=BUILD))
        text = result.stdout.decode(errors="replace")
        if self.options.keep:
            path = os.path.join(self.options.keep, "%d-%s-%s.out" % (self.boots, what, column))
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        if result.returncode != 0:
            raise BenchError("%s on %s failed with status %d" % (what, column, result.returncode))
        return text.splitlines()
