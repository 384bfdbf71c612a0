# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures, drawn by gnuplot."""

import os
import shutil
import subprocess
import sys

from .machine import BenchError

PACKAGE = "gnuplot-nox"


def need_gnuplot():
    """Installs gnuplot where that can be done: nothing else in the tree needs it."""
    if shutil.which("gnuplot"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise BenchError("there is no gnuplot to draw with; install the package %s" % PACKAGE)
    command = "apt-get -q update && apt-get -qy --no-install-recommends install " + PACKAGE
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    if subprocess.run(["sh", "-c", command], stdin=subprocess.DEVNULL, stdout=sys.stderr, env=environment,
                      check=False).returncode != 0:
        raise BenchError("gnuplot could not be installed (see above): " + command)


def quote(text):
    """A string of gnuplot's, without escapes and marks for fonts."""
    return '"%s"' % text.replace("\\", "").replace('"', "").replace("_", "\\\\_")


def run(path, size, script):
    """Draws an SVG file of size (width, height) points to path."""
    head = 'set terminal svg size %d,%d font "sans,12" background "white"\nset output %s\n' % (*size, _name(path))
    if subprocess.run(["gnuplot"], input=(head + script).encode(), check=False).returncode:
        raise BenchError("gnuplot could not draw %s" % path)


def _name(path):
    return "'%s'" % path.replace("'", "''")
