# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line of tests/lab/host, and its manual page."""

import argparse

MANUAL = """\
NAME
    host - boot one host in QEMU and run a command in its dom0

SYNOPSIS
    tests/lab/host [OPTION]... -- COMMAND
    tests/lab/host [OPTION]... --shell

DESCRIPTION
    Boots a machine under QEMU's software emulation with a Debian dom0 on Tenon (or on Xen, or bare), waits
    until the toolstack answers, runs COMMAND there by sh as root, and prints what it prints: its standard
    output, byte for byte and nothing else, on standard output; its standard error on standard error.
    The machine's own console goes to the log. Several words of COMMAND are joined with spaces, as ssh does.
    The dom0 image is built first when it is not in the cache (tests/lab/image); the tools and the hypervisor
    are those of the build folder, which is made by "quickstart build" if it does not exist.
    Dom0's disk is a throw-away copy: nothing stays after the run except what --get takes out.
    In dom0, /guests has a stock kernel, an initial file system and demo.xml for guests; /lab/lib.sh has
    helpers for tests.

OPTIONS
    --mem MiB              memory of the machine (2048)
    --cpus N               processors of the machine (1)
    --cpu MODEL            QEMU's processor model (qemu64)
    --icount               count instructions in place of time (2 ns each): guest time repeats exactly;
                           one processor only
    --hypervisor KIND      tenon (default), xen (Debian's 4.17) or none (the bare kernel)
    --xen FILE             with --hypervisor xen: boot this one
    --kernel FILE          dom0's kernel: a bzImage or ELF file, or a version (6.12) for Debian's; a FILE beside
                           which lie "version" and lib/modules is booted with those modules
    --hyp-append STR       more words for the hypervisor's command line (repeatable)
    --dom0-append STR      more words for dom0's (repeatable)
    --disk virtio|ahci|nvme   what dom0's disks are attached to (virtio)
    --qemu-append STR      more arguments for QEMU (repeatable)
    --put SRC:DST          copy a file or folder into dom0 before COMMAND runs (repeatable); DST is the new
                           name, or the folder to put it in if it ends with a slash
    --get SRC:DST          copy a file or folder out of dom0 afterwards (repeatable); into DST if that is a folder
    --no-toolstack         do not start the daemons
    --shell                an interactive shell in dom0 on this terminal in place of COMMAND
    --timeout S            give up after S seconds (600; with --shell, never)
    --log FILE             keep the machine's console here; without it, it is kept only when something fails,
                           and its name is printed
    -v                     copy the machine's console to standard error as it comes
    --dry-run              print QEMU's command line and stop

EXIT STATUS
    COMMAND's, or 124 when time ran out, 125 when the machine died or could not be started, 2 for wrong usage.

ENVIRONMENT
    TENON_BUILD     the build folder (build, beside this tree's README)
    TENON_CACHE     where images are kept (/var/cache/tenon-lab)
    QEMU            the emulator (qemu-system-x86_64)

EXAMPLES
    tests/lab/host -- tenon list --json
    tests/lab/host --cpus 4 --put guest.xml:/root/ -- 'tenon create /root/guest.xml && tenon wait demo'
    tests/lab/host --hypervisor none --get /var/log:/tmp/log -- 'uname -a; dmesg >/var/log/dmesg'
"""


class _Help(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        print(MANUAL, end="")
        parser.exit(0)


def _positive(text):
    value = int(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("%s is not a positive number" % text)
    return value


def _pair(text):
    source, colon, target = text.partition(":")
    if not colon or not source or not target:
        raise argparse.ArgumentTypeError("%s is not SRC:DST" % text)
    return source, target


def parse(argv):
    """The options as a namespace; its field command is the text to run, or None with --shell."""
    parser = argparse.ArgumentParser(prog="host", add_help=False, allow_abbrev=False,
                                     usage="tests/lab/host [OPTION]... -- COMMAND (--help explains)")
    add = parser.add_argument
    add("-h", "--help", nargs=0, action=_Help)
    add("--mem", type=_positive, default=2048)
    add("--cpus", type=_positive, default=1)
    add("--cpu", default="qemu64")
    add("--icount", action="store_true")
    add("--hypervisor", choices=("tenon", "xen", "none"), default="tenon")
    add("--xen")
    add("--kernel")
    add("--hyp-append", action="append", default=[])
    add("--dom0-append", action="append", default=[])
    add("--disk", choices=("virtio", "ahci", "nvme"), default="virtio")
    add("--qemu-append", action="append", default=[])
    add("--put", type=_pair, action="append", default=[])
    add("--get", type=_pair, action="append", default=[])
    add("--no-toolstack", action="store_true")
    add("--shell", action="store_true")
    add("--timeout", type=float)
    add("--log")
    add("-v", dest="verbose", action="store_true")
    add("--dry-run", action="store_true")
    split = argv.index("--") if "--" in argv else len(argv)
    # An option's own text may begin with a dash (--dom0-append -foo), which argparse takes for an option.
    options = parser.parse_args(_glue(argv[:split]))
    options.command = " ".join(argv[split + 1:]) or None
    if options.shell == (options.command is not None):
        parser.error("give either -- COMMAND or --shell")
    if options.icount and options.cpus != 1:
        parser.error("--icount counts one processor only")
    if options.timeout is None:
        options.timeout = float("inf") if options.shell else 600.0
    return options


def _glue(words):
    """Joins each option of free text with its text by an equals sign."""
    free = ("--hyp-append", "--dom0-append", "--qemu-append")
    glued, rest = [], iter(words)
    for word in rest:
        if word in free:
            text = next(rest, None)
            word = word if text is None else "%s=%s" % (word, text)
        glued.append(word)
    return glued
