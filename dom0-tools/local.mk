# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools: what its programs share. Each program's own folder has its own fragment.

include dom0-tools/lib/local.mk
include dom0-tools/systemd/local.mk
