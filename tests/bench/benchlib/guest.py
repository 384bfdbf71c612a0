# SPDX-License-Identifier: GPL-2.0-or-later
"""What is put into dom0 and into guests: scripts, programs, and whole Debian programs with their libraries."""

import gzip
import os
import re
import shlex
import shutil
import subprocess

from .machine import BENCH, BUILD, TOP, BenchError, image

SCRIPTS = os.path.join(BENCH, "guest")
# For each guest's random pool: without it each exec derives keys anew, for 90,000 instructions that no machine below it
# adds. Always the same, as in dom0 under icount.
SEED = bytes(range(256))


def scripts(*names):
    """Pairs for Lab.boot: these scripts in dom0's /root."""
    return [(os.path.join(SCRIPTS, name), "/root/") for name in names]


def files(*paths):
    """The same for what has been built."""
    return [(path, "/root/") for path in paths]


def pack(folder, programs, job=None, jobs=(), debian=(), root=None):
    """An archive bench.cpio in folder, to be laid over the lab's busybox guest: init, programs ({name there: file}),
    the text of /bench/job, scripts of this folder, and Debian's programs (paths in root, dom0's system)."""
    tree = os.path.join(folder, "tree")
    os.makedirs(os.path.join(tree, "bench"))
    always = {"init": os.path.join(SCRIPTS, "init"), "seedrng": os.path.join(BUILD, "tests", "bench", "seedrng")}
    for name, source in {**always, **programs}.items():
        shutil.copy(source, os.path.join(tree, "bench", name))
        os.chmod(os.path.join(tree, "bench", name), 0o755)
    with open(os.path.join(tree, "bench", "seed"), "wb") as file:
        file.write(SEED)
    for name in jobs:
        shutil.copy(os.path.join(SCRIPTS, name), os.path.join(tree, "bench", name))
    if job:
        with open(os.path.join(tree, "bench", "job"), "w", encoding="utf-8") as file:
            file.write(job)
    for path in debian:
        _copy_with_libraries(root, path, tree)
    target = os.path.join(folder, "bench.cpio")
    command = "find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0 >%s" % shlex.quote(target)
    subprocess.run(["sh", "-c", command], cwd=tree, check=True)
    return target


def initrd(folder, archive):
    """The lab's busybox guest with an archive over it, in folder, for machines that are booted with nothing else."""
    system = os.path.join(folder, "system.gz")
    subprocess.run([os.path.join(TOP, "tests", "lab", "guest-initrd"),
                    os.path.dirname(os.path.realpath(os.path.join(image(), "vmlinuz"))), system], check=True)
    target = os.path.join(folder, "initrd")
    with gzip.open(system) as below, open(archive, "rb") as above, open(target, "wb") as file:
        shutil.copyfileobj(below, file)
        shutil.copyfileobj(above, file)
    return target


def made(name):
    """The file that a script beside this folder has made, or found in the cache."""
    result = subprocess.run([os.path.join(BENCH, name)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise BenchError("tests/bench/%s failed" % name)
    return result.stdout.decode().strip()


def _copy_with_libraries(root, path, tree):
    result = subprocess.run(["chroot", root, "ldd", path], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            check=False)
    if result.returncode != 0:
        raise BenchError("%s of dom0's image: ldd failed with status %d" % (path, result.returncode))
    for name in [path] + re.findall(r"(/\S+)", result.stdout.decode()):
        target = tree + name
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.realpath(root + name), target)
