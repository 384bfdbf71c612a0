# SPDX-License-Identifier: GPL-2.0-or-later
"""The first instructions of ELF files."""

import struct

from .machine import BenchError

NOTE_SEGMENT = 4
ENTRY_NOTE = (b"Xen\0", 1)


def _read(path):
    with open(path, "rb") as file:
        content = file.read()
    if content[:4] != b"\x7fELF":
        raise BenchError("%s is no ELF file" % path)
    return content


def entry(path):
    """The address at which a boot loader starts the file."""
    content = _read(path)
    return struct.unpack_from("<Q" if content[4] == 2 else "<I", content, 24)[0]


def pv_entry(path):
    """The address at which a hypervisor starts a 64-bit kernel: what a note of the file says."""
    content = _read(path)
    table, = struct.unpack_from("<Q", content, 32)
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", content, table + number * size)
        if kind != NOTE_SEGMENT:
            continue
        place, end = offset, offset + length
        while place + 12 <= end:
            name, description, kind = struct.unpack_from("<III", content, place)
            text = place + 12
            value = text + (name + 3) // 4 * 4
            if (content[text:text + name], kind) == ENTRY_NOTE:
                return struct.unpack_from("<Q", content, value)[0]
            place = value + (description + 3) // 4 * 4
    raise BenchError("%s does not say where it is started as a guest" % path)
