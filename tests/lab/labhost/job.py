# SPDX-License-Identifier: GPL-2.0-or-later
"""The job's two disks: a tar laid over dom0's root before it starts, and room for what comes back."""

import io
import os
import secrets
import shutil
import tarfile

from . import tree
from .errors import LabError

# dom0 writes a tar here; the file is sparse, so its size costs nothing.
OUTPUT_BYTES = 4 << 30
SECTOR = 1 << 20
SEED_BYTES = 256


class Job:
    """What is to be done in dom0, as files in the folder scratch."""

    def __init__(self, options, scratch):
        self.options = options
        self.input = os.path.join(scratch, "job.tar")
        self.output = os.path.join(scratch, "output.tar")
        # Ends each of the command's streams, so that the host knows it has seen all of it.
        self.token = b"\0lab-end:" + secrets.token_hex(16).encode() + b"\0"
        self._write_input()
        with open(self.output, "wb") as file:
            file.truncate(OUTPUT_BYTES)

    def _config(self):
        options = self.options
        start = options.hypervisor != "none" and not options.no_toolstack
        lines = ["LAB_HYPERVISOR=%s" % options.hypervisor, "LAB_TOOLSTACK=%s" % ("yes" if start else "no"),
                 "LAB_SHELL=%s" % ("yes" if options.shell else "no"), "LAB_GET=%s" % ("yes" if options.get else "no")]
        return "\n".join(lines) + "\n"

    def _write_input(self):
        options = self.options
        with tarfile.open(self.input, "w", dereference=False) as archive:
            if options.hypervisor == "tenon" and not options.no_toolstack:
                with tarfile.open(tree.tools()) as tools:
                    for member in tools:
                        archive.addfile(member, tools.extractfile(member) if member.isreg() else None)
            for name in ("init", "supervise", "toolstack"):
                archive.add(os.path.join(tree.LAB, "dom0", name), "lab/" + name)
            archive.add(os.path.join(tree.LAB, "lib.sh"), "lab/lib.sh")
            _add_text(archive, "lab/config", self._config().encode())
            _add_text(archive, "lab/job", ((options.command or "") + "\n").encode())
            _add_text(archive, "lab/token", self.token)
            # The list is read by tar -T, whose lines are names relative to the root.
            _add_text(archive, "lab/get", "".join(_relative(s) + "\n" for s, _ in options.get).encode())
            seed = bytes(range(SEED_BYTES)) if options.icount else secrets.token_bytes(SEED_BYTES)
            _add_text(archive, "lab/seed", seed)
            for source, target in options.put:
                if not os.path.exists(source):
                    raise LabError("--put %s: no such file" % source)
                if target.endswith("/"):
                    target += os.path.basename(os.path.normpath(source))
                # A link is put as what it leads to; links inside a folder stay links.
                archive.add(os.path.realpath(source), _relative(target))
        _round_up(self.input)

    def fetch(self):
        """Takes what dom0 put on the output disk to where --get wants it; returns the names it lacked."""
        missing = []
        with tarfile.open(self.output) as archive:
            members = archive.getmembers()
            for source, target in self.options.get:
                name = _relative(source)
                wanted = [m for m in members if m.name == name or m.name.startswith(name + "/")]
                if not wanted:
                    missing.append(source)
                    continue
                if os.path.isdir(target):
                    target = os.path.join(target, os.path.basename(name))
                _extract(archive, wanted, name, target)
        return missing


def _relative(path):
    return os.path.normpath(path).lstrip("/")


def _add_text(archive, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    archive.addfile(member, io.BytesIO(data))


def _round_up(path):
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        file.truncate((size + SECTOR - 1) // SECTOR * SECTOR)


def _extract(archive, members, prefix, target):
    """Writes files and folders only: dom0 is under test, so its links are not followed nor made to lead out."""
    for member in members:
        path = os.path.normpath(target + member.name[len(prefix):])
        if path != os.path.normpath(target) and not path.startswith(os.path.normpath(target) + "/"):
            raise LabError("--get: %s leads out of %s" % (member.name, target))
        if member.isdir():
            os.makedirs(path, exist_ok=True)
        elif member.isreg():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with archive.extractfile(member) as source, open(path, "wb") as file:
                shutil.copyfileobj(source, file)
            os.chmod(path, member.mode & 0o777)
        elif member.issym():
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            with open(path + ".link", "w", encoding="utf-8") as file:
                file.write(member.linkname + "\n")
