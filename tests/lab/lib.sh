# SPDX-License-Identifier: GPL-2.0-or-later
#
# Helpers of tests that run in dom0: source it as /lab/lib.sh from sh or bash.
