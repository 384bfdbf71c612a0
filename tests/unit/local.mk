# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of tests/unit: each part of the tree adds its own fragment.

include tests/unit/abi.mk
include tests/unit/build.mk
include tests/unit/memory.mk
include tests/unit/share.mk
include tests/unit/emulate.mk
include tests/unit/store.mk
include tests/unit/tenond.mk
include tests/unit/console.mk
include tests/unit/migrate.mk
include tests/unit/machine.mk
