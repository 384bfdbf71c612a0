# SPDX-License-Identifier: GPL-2.0-or-later
# The hypervisor is freestanding and has rules of its own: hypervisor/build.mk.
HYPERVISOR += hypervisor/tenon.elf32
EXTRA_DIST += hypervisor

.PHONY: hypervisor-build
hypervisor-build:
	@$(MAKE) --no-print-directory -f $(top_srcdir)/hypervisor/build.mk SRC=$(abs_top_srcdir) \
		OUT=$(abs_top_builddir)/hypervisor CC="$(CC)" NM="$(NM)" OBJCOPY="$(OBJCOPY)" V=$(V)

hypervisor/tenon.elf32: hypervisor-build
