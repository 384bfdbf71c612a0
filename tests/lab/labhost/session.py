# SPDX-License-Identifier: GPL-2.0-or-later
"""The run itself: starts QEMU, keeps the console's log, carries the command's streams, collects its status."""

import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import tty

from . import machine

TIMED_OUT = 124
DIED = 125
# How long a machine may take to switch itself off after its work is done, in seconds.
POWER_OFF = 30
PR_SET_PDEATHSIG = 1
# Of a machine whose time ran out: how often its processors are looked at, after how long each time, how long QEMU may
# take to answer, both in seconds, and the lines of the answer that matter.
LOOKS = 5
LOOK_PAUSE = 0.2
LOOK_TIMEOUT = 5
REGISTERS = re.compile(r"CPU#|R[A-Z0-9]+ ?=|CR0|CS =")


class Stream:
    """One of the command's streams on its way to a descriptor here, up to the token that ends it."""

    def __init__(self, target, token):
        self.target = target
        self.token = token
        self.held = b""
        self.ended = False

    def feed(self, data):
        if self.ended:
            return
        data = self.held + data
        end = data.find(self.token)
        if end >= 0:
            self.held, self.ended = b"", True
            self._write(data[:end])
            return
        keep = self._partial(data)
        self.held = data[len(data) - keep:]
        self._write(data[:len(data) - keep])

    def flush(self):
        self._write(self.held)
        self.held = b""

    def _partial(self, data):
        """How many bytes at the end of data could be the beginning of the token."""
        for length in range(min(len(data), len(self.token) - 1), 0, -1):
            if data.endswith(self.token[:length]):
                return length
        return 0

    def _write(self, data):
        _write_all(self.target, data)


class Session:
    """One boot. run() returns the exit status of the whole."""

    def __init__(self, options, token, scratch, log):
        self.options = options
        self.log = log
        self.monitor = machine.monitor(scratch)
        self.sockets = {name: os.path.join(scratch, name + ".sock") for name in machine.CHANNELS}
        self.listeners = {}
        for name, path in self.sockets.items():
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen(1)
            self.listeners[listener] = name
        self.streams = {"out": Stream(1, token), "err": Stream(2, token)}
        self.channels = {}
        self.status = None
        self.finished = None
        self.note = None
        self.console = b""
        self.status_text = b""
        self.terminal = None

    def run(self, command):
        """Runs QEMU until dom0 is done, time is over or it dies."""
        self.started = time.monotonic()
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, preexec_fn=_die_with_parent)
        try:
            return self._loop(qemu)
        finally:
            self._restore_terminal()
            if qemu.poll() is None:
                qemu.kill()
            qemu.wait()
            self._log_line("[qemu ended with %d]" % qemu.returncode)
            for stream in self.streams.values():
                stream.flush()

    def _loop(self, qemu):
        while True:
            now = time.monotonic()
            if self.finished is not None and now > self.finished + POWER_OFF:
                self._log_line("[the machine did not switch itself off]")
                self._log_processors()
                return self._result()
            if now > self.started + self.options.timeout:
                self._log_processors()
                return self._result() if self.finished is not None else TIMED_OUT
            readers = [qemu.stdout, *self.listeners, *self.channels]
            if self.terminal is not None:
                readers.append(sys.stdin)
            ready, _, _ = select.select(readers, [], [], 0.5)
            if qemu.stdout in ready and not self._read_console(qemu.stdout):
                self._drain()
                return self._result()
            for reader in ready:
                if reader is not qemu.stdout:
                    self._serve(reader)

    def _result(self):
        if self.status is None or not all(stream.ended for stream in self.streams.values()):
            return DIED
        return self.status

    def _drain(self):
        """After QEMU's end: what still waits in the sockets."""
        for channel in list(self.channels):
            channel.setblocking(False)
            while channel in self.channels:
                try:
                    self._serve(channel)
                except BlockingIOError:
                    break

    def _serve(self, reader):
        if reader in self.listeners:
            channel, _ = reader.accept()
            self.channels[channel] = self.listeners.pop(reader)
            reader.close()
            return
        if reader is sys.stdin:
            self._send_terminal(os.read(0, 4096))
            return
        try:
            data = reader.recv(65536)
        except ConnectionResetError:
            data = b""
        name = self.channels[reader]
        if not data:
            del self.channels[reader]
            reader.close()
        elif name in self.streams:
            self.streams[name].feed(data)
        elif name == "tty":
            _write_all(1, data)
        else:
            self._read_status(data)

    def _read_status(self, data):
        """dom0's side of the conversation: "ready", "exit N", "failed TEXT" and at the end "done"."""
        self.status_text += data
        *lines, self.status_text = self.status_text.split(b"\n")
        for line in lines:
            word, _, rest = line.decode(errors="replace").partition(" ")
            self._log_line("[%s %s]" % (word, rest))
            if word == "ready" and self.options.shell:
                self._open_terminal()
            elif word == "exit" and rest.isdigit():
                self.status = int(rest) & 0xff
            elif word == "failed":
                self.note = rest
            elif word == "done":
                self._restore_terminal()
                self.finished = time.monotonic()

    def _read_console(self, pipe):
        data = os.read(pipe.fileno(), 65536)
        if self.options.verbose:
            sys.stderr.buffer.write(data)
            sys.stderr.buffer.flush()
        *lines, self.console = (self.console + data).split(b"\n")
        for line in lines:
            self._log_line(line.decode(errors="replace").replace("\r", ""))
        if not data and self.console:
            self._log_line(self.console.decode(errors="replace"))
        return bool(data)

    def _log_processors(self):
        """What each processor is doing, a few times: does it wait, or spin, and where?"""
        for _ in range(LOOKS):
            time.sleep(LOOK_PAUSE)
            try:
                with socket.socket(socket.AF_UNIX) as channel:
                    channel.settimeout(LOOK_TIMEOUT)
                    channel.connect(self.monitor)
                    channel.sendall(b"info registers -a\nquit_monitor\n")
                    # That command does not exist: its refusal is the end of the answer to the other.
                    answer = b""
                    while b"unknown command" not in answer:
                        data = channel.recv(65536)
                        if not data:
                            break
                        answer += data
            except OSError as error:
                self._log_line("[QEMU's monitor does not answer: %s]" % error)
                return
            for line in answer.decode(errors="replace").splitlines():
                if REGISTERS.match(line):
                    self._log_line("[%s]" % line.strip())

    def _log_line(self, text):
        self.log.write("%9.3f %s\n" % (time.monotonic() - self.started, text))
        self.log.flush()

    def _open_terminal(self):
        if sys.stdin.isatty() and self.terminal is None:
            self.terminal = termios.tcgetattr(0)
            tty.setraw(0)

    def _restore_terminal(self):
        if self.terminal is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, self.terminal)
            self.terminal = None

    def _send_terminal(self, data):
        for channel, name in self.channels.items():
            if name == "tty":
                channel.sendall(data)


def _write_all(target, data):
    while data:
        data = data[os.write(target, data):]


def _die_with_parent():
    """A killed host script must not leave its machine running."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
