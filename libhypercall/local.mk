# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of libhypercall: nothing is built here yet.
