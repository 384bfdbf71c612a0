# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: ABI conformance against Debian's libxen-dev, included by tests/unit/local.mk.

check_PROGRAMS += tests/unit/abi_unit
UNIT_TESTS += tests/unit/abi_unit

tests_unit_abi_unit_SOURCES = \
	tests/unit/abi_unit.c tests/unit/abi_unit.h \
	tests/unit/abi_base.c tests/unit/abi_start.c tests/unit/abi_vcpu.c \
	tests/unit/abi_memory.c tests/unit/abi_event.c tests/unit/abi_grant.c \
	tests/unit/abi_physdev.c tests/unit/abi_platform.c tests/unit/abi_ring.c
tests_unit_abi_unit_CPPFLAGS = $(AM_CPPFLAGS) \
	-DABI_HEADERS='"$(abs_top_srcdir)/libhypercall/include/hypercall"'
tests_unit_abi_unit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_unit_abi_unit_LDADD = $(CMOCKA_LIBS)
