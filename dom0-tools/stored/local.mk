# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/stored: nothing is built here yet.
