# SPDX-License-Identifier: GPL-2.0-or-later
"""What tests/bench/compare is made of: machines to measure on, groups of rows, reports."""
