# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/tenond: nothing is built here yet.
