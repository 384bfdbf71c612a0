# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/lab/host is made of: options, the job's disks, QEMU's command line, and the conversation."""
