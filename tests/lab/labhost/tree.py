# SPDX-License-Identifier: GPL-2.0-or-later
"""What this source tree and its build folder provide: hypervisor, installed tools, kernels, the image."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

from .errors import LabError

LAB = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
TOP = os.path.dirname(os.path.dirname(LAB))
BUILD = os.environ.get("TENON_BUILD") or os.path.join(TOP, "build")
CACHE = os.environ.get("TENON_CACHE") or "/var/cache/tenon-lab"


def _run(command, what):
    """Runs a helper script whose last line of output is the answer; its messages go to standard error."""
    result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if result.returncode != 0:
        raise LabError("%s failed with status %d: %s" % (what, result.returncode, " ".join(command)))
    return result.stdout.decode().strip().splitlines()[-1]


def ensure_built():
    """Builds the tree into the default folder unless there is a build already."""
    if os.path.exists(os.path.join(BUILD, "Makefile")):
        return
    command = [os.path.join(TOP, "quickstart"), "build"]
    if subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode != 0:
        raise LabError("there is no build in %s and making one failed; run ./quickstart build" % BUILD)


def hypervisor():
    path = os.path.join(BUILD, "hypervisor", "tenon.elf32")
    if not os.path.exists(path):
        raise LabError("no hypervisor at %s; run ./quickstart build, or set TENON_BUILD" % path)
    return path


def image(kernel=None):
    """The folder with dom0's image, built when needed. kernel: a version, a kernel folder, or None."""
    command = [os.path.join(LAB, "image")]
    if kernel:
        command += ["--kernel", kernel]
    return _run(command, "building dom0's image")


def kernel_folder(name):
    """What tests/lab/image should know of the kernel the user named: a version, a folder, or None."""
    if name is None:
        return None
    if not os.path.exists(name):
        if name[0].isdigit() and "/" not in name:
            return name
        raise LabError("no kernel file %s" % name)
    folder = os.path.dirname(os.path.realpath(name))
    if os.path.exists(os.path.join(folder, "version")) and os.path.isdir(os.path.join(folder, "lib/modules")):
        return folder
    return None


def elf_kernel(path, scratch):
    """path itself if it is an ELF file, or the image out of it in the folder scratch."""
    with open(path, "rb") as file:
        if file.read(4) == b"\x7fELF":
            return path
    target = os.path.join(scratch, "vmlinux")
    if subprocess.run([os.path.join(LAB, "unpack-kernel"), path, target], check=False).returncode != 0:
        raise LabError("%s cannot be unpacked to an ELF kernel" % path)
    return target


def _fingerprint():
    """A digest of everything "make install" could install: build products and the tools' sources."""
    digest = hashlib.sha256()
    roots = (BUILD, os.path.join(TOP, "dom0-tools"), os.path.join(TOP, "libhypercall"))
    for root in roots:
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in (".deps", "lab"))
            for name in sorted(files):
                if name.endswith((".o", ".lo", ".log")):
                    continue
                status = os.lstat(os.path.join(folder, name))
                digest.update(("%s/%s %d %d\n" % (folder, name, status.st_size, status.st_mtime_ns)).encode())
    return digest.hexdigest()


def tools():
    """A tar with the installed tools, made again only when something that goes into it changed."""
    folder = os.path.join(BUILD, "lab")
    os.makedirs(folder, exist_ok=True)
    path, mark = os.path.join(folder, "tools.tar"), os.path.join(folder, "tools.digest")
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        current = _fingerprint()
        try:
            with open(mark, encoding="ascii") as file:
                if file.read() == current and os.path.exists(path):
                    return path
        except FileNotFoundError:
            pass
        staging = tempfile.mkdtemp(prefix="staging.", dir=folder)
        try:
            command = ["make", "-s", "-C", BUILD, "install-strip", "DESTDIR=" + staging]
            result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                    stderr=subprocess.STDOUT, check=False)
            if result.returncode != 0:
                sys.stderr.write(result.stdout.decode(errors="replace"))
                raise LabError("installing the tools out of %s failed; run ./quickstart build" % BUILD)
            with tarfile.open(path + ".new", "w") as archive:
                for name in sorted(os.listdir(staging)):
                    archive.add(os.path.join(staging, name), name, filter=_as_root)
            os.rename(path + ".new", path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        with open(mark, "w", encoding="ascii") as file:
            file.write(_fingerprint())
    return path


def _as_root(member):
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
