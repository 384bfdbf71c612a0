# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's command line for one lab host."""

import os
import shlex

from . import tree

DOM0_MIB = 512
# Channels between dom0 and this side: the command's two streams, the conversation, and --shell's terminal.
CHANNELS = ("out", "err", "status", "tty")


def _quote(text):
    """QEMU splits its lists at commas; a doubled one is a plain one."""
    return text.replace(",", ",,")


def _dom0_memory(mem):
    """dom0's share in MiB when nobody says otherwise: on a small machine less, but what a stock kernel needs."""
    return min(DOM0_MIB, mem * 3 // 4)


def _boot(options, image, kernel, scratch):
    """The arguments that say what is booted."""
    initramfs = os.path.join(image, "initramfs")
    console = "ttyS0" if options.hypervisor == "none" else "hvc0"
    words = ["console=" + console, "net.ifnames=0", "panic=-1"] + options.dom0_append
    line = " ".join(words)
    if options.hypervisor == "none":
        return ["-kernel", kernel or os.path.join(image, "vmlinuz"), "-initrd", initramfs, "-append", line]
    dom0 = _dom0_memory(options.mem)
    if options.hypervisor == "tenon":
        vmlinux = tree.elf_kernel(kernel or os.path.join(image, "vmlinux"), scratch)
        hypervisor, words = tree.hypervisor(), ["console=com1", "dom0_mem=%dM" % dom0]
    else:
        vmlinux = kernel or os.path.join(image, "vmlinuz")
        hypervisor = options.xen or os.path.join(image, "xen")
        words = ["console=com1", "com1=115200,8n1", "dom0_mem=%dM,max:%dM" % (dom0, dom0)]
    modules = "%s %s,%s" % (_quote(vmlinux), _quote(line), _quote(initramfs))
    return ["-kernel", hypervisor, "-append", " ".join(words + options.hyp_append), "-initrd", modules]


def _disks(options, image, job):
    """Root, job and output disk. Each has a serial number, for dom0 may name them in the order it meets them."""
    files = (("root", os.path.join(image, "root.ext4"), "on"), ("job", job.input, "off"),
             ("output", job.output, "off"))
    device = {"virtio": "virtio-blk-pci", "ahci": "ide-hd", "nvme": "nvme"}[options.disk]
    arguments = ["-device", "ahci,id=ahci"] if options.disk == "ahci" else []
    for number, (name, path, snapshot) in enumerate(files):
        port = ",bus=ahci.%d" % number if options.disk == "ahci" else ""
        arguments += ["-drive", "if=none,id=%s,file=%s,format=raw,snapshot=%s,cache=unsafe" %
                      (name, _quote(path), snapshot),
                      "-device", "%s,drive=%s,serial=lab-%s%s" % (device, name, name, port)]
    return arguments


def _channels(sockets):
    arguments = ["-device", "virtio-serial-pci"]
    for number, name in enumerate(CHANNELS, 1):
        arguments += ["-chardev", "socket,id=%s,path=%s" % (name, _quote(sockets[name])),
                      "-device", "virtserialport,chardev=%s,nr=%d,name=lab.%s" % (name, number, name)]
    return arguments


def monitor(scratch):
    """The path of QEMU's monitor."""
    return os.path.join(scratch, "monitor.sock")


def command(options, image, job, sockets, scratch):
    """The whole command line. sockets: the path of each channel's listening socket."""
    kernel = options.kernel if options.kernel and os.path.exists(options.kernel) else None
    clock = "base=2024-01-01,clock=vm" if options.icount else "base=utc"
    arguments = [os.environ.get("QEMU") or "qemu-system-x86_64", "-nodefaults", "-machine", "pc", "-accel", "tcg",
                 "-cpu", options.cpu, "-m", str(options.mem), "-smp", str(options.cpus), "-display", "none",
                 "-vga", "none", "-no-reboot", "-rtc", clock, "-chardev", "stdio,id=console,signal=off",
                 "-serial", "chardev:console", "-monitor", "unix:%s,server=on,wait=off" % _quote(monitor(scratch))]
    if options.icount:
        arguments += ["-icount", "shift=1,sleep=off"]
    else:
        # The host's randomness would make two runs under --icount differ.
        arguments += ["-device", "virtio-rng-pci"]
    arguments += _boot(options, image, kernel, scratch)
    arguments += _disks(options, image, job)
    arguments += _channels(sockets)
    for text in options.qemu_append:
        arguments += shlex.split(text)
    return arguments
