# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of tests/guests: nothing is built here yet.
