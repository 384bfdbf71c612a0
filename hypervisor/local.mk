# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of hypervisor: nothing is built here yet.
