# SPDX-License-Identifier: GPL-2.0-or-later
"""The machines that are measured: boots them through tests/lab/host, all counting instructions."""

import os
import shlex
import subprocess
import sys

BENCH = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TOP = os.path.dirname(os.path.dirname(BENCH))
BUILD = os.path.abspath(os.environ.get("TENON_BUILD") or os.path.join(TOP, "build"))
TIMEOUT = 1800
# QEMU counts instructions in place of time; what tests/lab/host --icount says, for machines booted otherwise.
ICOUNT = "-icount shift=1,sleep=off -rtc clock=vm"
# Seconds of the guests' time, which cost nothing: a processor's first rest after its start, when either hypervisor
# clears free memory, which no row shall meet.
REST = 5
NS_PER_INSTRUCTION = 2


class BenchError(Exception):
    """Its text names what failed; compare prints it and ends with 1."""


def image():
    """The folder with dom0's image, made if it is not there."""
    result = subprocess.run([os.path.join(TOP, "tests", "lab", "image")], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise BenchError("there is no image of dom0: tests/lab/image failed")
    return result.stdout.decode().splitlines()[-1]


def debian_root():
    """The folder whose programs dom0's disk is made of."""
    return os.path.join(os.path.dirname(os.path.realpath(os.path.join(image(), "xen"))), "root")


def symbols(path):
    """Lines of nm."""
    return subprocess.run(["nm", path], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()


class Lab:
    """Where things are, and one boot at a time."""

    def __init__(self, options):
        self.options = options
        self.boots = 0
        self.symbols = None     # a list: each boot leaves the symbols of its kernel in it, as nm prints them
        if not os.path.exists(os.path.join(BUILD, "Makefile")):
            raise BenchError("there is no build in %s; run ./quickstart build" % BUILD)
        command = ["make", "-s", "--no-print-directory", "-C", BUILD, "bench"]
        if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
            raise BenchError("what is to be measured does not build: " + shlex.join(command))

    def built(self, name):
        return os.path.join(BUILD, "tests", "bench", name)

    def boot(self, column, command, put=(), toolstack=False, what="dom0", plugin=None, more=()):
        """Runs command in dom0 of a machine of that kind; the lines it printed. plugin: its file and arguments.
        more: options of tests/lab/host."""
        words = [os.path.join(TOP, "tests", "lab", "host"), "--hypervisor", column,
                 "--cpu", self.options.cpu, "--timeout", str(TIMEOUT), *more]
        if "--cpus" not in more:
            words.append("--icount")
        if plugin:
            words += ["--qemu-append", "-plugin " + plugin]
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
        command = "sleep %d; " % REST + command
        if self.symbols is None:
            return self.run(words + ["--", command], column, what, log="--log")
        lines = self.run(words + ["--", "cat /proc/kallsyms; echo; " + command], column, what, log="--log")
        end = lines.index("")
        self.symbols[:] = lines[:end]
        return lines[end + 1:]

    def counting(self, path, span=None):
        """The counting plugin, as boot() takes it: what it counts goes to path. span: addresses to count between."""
        return "%s,out=%s" % (self.built("count.so"), path) + (",begin=%x,end=%x" % span if span else "")

    def boot_kernel(self, column, kernel, words, what, plugin):
        """Boots a kernel of its own as dom0 of that kind of machine; the lines it printed. words: more of them for
        the hypervisor."""
        command = [os.path.join(TOP, "tests", "guests", "run"), "-v", "--smp", "1", "--timeout", str(TIMEOUT),
                   "--cpu", self.options.cpu, "--hypervisor", self.hypervisor(column),
                   "--options", " ".join(["console=com1", "dom0_mem=64M", *words]),
                   "--qemu-args", "%s -plugin %s" % (ICOUNT, plugin),
                   self.built(kernel)]
        if self.symbols is not None:
            self.symbols[:] = symbols(self.built(kernel))
        return self.run(command, column, what)

    def boot_bare(self, kernel, initrd, words, what, plugin):
        """Boots a kernel by itself, with a serial port and nothing else; the lines of its console. It has to end by a
        reboot."""
        command = ["timeout", str(TIMEOUT), os.environ.get("QEMU") or "qemu-system-x86_64", "-machine", "pc",
                   "-accel", "tcg", "-cpu", self.options.cpu, "-m", "256", "-smp", "1", "-display", "none",
                   "-no-reboot", "-serial", "stdio", "-monitor", "none", "-nic", "none", *ICOUNT.split(),
                   "-plugin", plugin, "-kernel", kernel, "-initrd", initrd,
                   "-append", "console=ttyS0 panic=-1 nokaslr " + words]
        return self.run(command, "none", what)

    def hypervisor(self, column):
        """The image to boot."""
        return os.path.join(BUILD, "hypervisor", "tenon.elf32") if column == "tenon" else os.path.join(image(), "xen")

    def run(self, command, column, what, log=None):
        """Runs a command that boots one machine. log: its option for a file with the machine's console."""
        self.boots += 1
        kept = None
        if self.options.keep:
            os.makedirs(self.options.keep, exist_ok=True)
            kept = os.path.join(self.options.keep, "%d-%s-%s" % (self.boots, what, column))
            if log:
                command = command[:1] + [log, kept + ".console"] + command[1:]
        print("compare: booting %s for %s" % (column, what), file=sys.stderr, flush=True)
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False,
                                env=dict(os.environ, TENON_BUILD=BUILD))
        text = result.stdout.decode(errors="replace")
        if kept:
            with open(kept + ".out", "w", encoding="utf-8") as file:
                file.write(text)
        if result.returncode != 0:
            raise BenchError("%s on %s failed with status %d" % (what, column, result.returncode))
        return text.splitlines()
