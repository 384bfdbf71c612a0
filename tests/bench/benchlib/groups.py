# SPDX-License-Identifier: GPL-2.0-or-later
"""The groups of rows, in the order of the table."""

import argparse
import re

from . import cost, kernel, micro

GROUPS = (micro.Dom0(), micro.Guest(1), micro.Guest(2), kernel.Kernel(), cost.Events(), cost.Host(), cost.Lifecycle(),
          cost.Many(), cost.Block(), cost.Network(), cost.Dirty(), cost.Build())


def expression(text):
    """What chooses rows, as an option's value."""
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError("%s is no regular expression: %s" % (text, error)) from None


def choose(lab, pattern):
    """[(group, its rows whose GROUP/ROW matches)], without groups that have none."""
    chosen = []
    for group in GROUPS:
        names = [name for name in group.rows(lab) if pattern.search("%s/%s" % (group.name, name))]
        if names:
            chosen.append((group, names))
    return chosen
