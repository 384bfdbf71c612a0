# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of hypervisor/event and hypervisor/grant, included by tests/unit/local.mk.

share_unit_tests = tests/unit/event_unit tests/unit/grant_unit tests/unit/share_race_unit
check_PROGRAMS += $(share_unit_tests)
UNIT_TESTS += $(share_unit_tests)

share_unit_sources = tests/unit/share_world.c tests/unit/share_world.h tests/unit/world_log.c \
	hypervisor/event/channel.c hypervisor/event/deliver.c hypervisor/event/domain.c hypervisor/event/fifo.c \
	hypervisor/event/operations.c hypervisor/grant/copy.c hypervisor/grant/domain.c hypervisor/grant/map.c \
	hypervisor/grant/mapping.c hypervisor/grant/operations.c hypervisor/grant/table.c \
	hypervisor/hypercall/operation.c
# The folder comes first: hypercall/hypercall.h is the hypervisor's here, not the library's.
share_unit_cppflags = -I$(top_srcdir)/hypervisor $(AM_CPPFLAGS) -DTENON_HOST
share_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -pthread

tests_unit_event_unit_SOURCES = tests/unit/event_unit.c $(share_unit_sources)
tests_unit_event_unit_CPPFLAGS = $(share_unit_cppflags)
tests_unit_event_unit_CFLAGS = $(share_unit_cflags)
tests_unit_event_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_grant_unit_SOURCES = tests/unit/grant_unit.c $(share_unit_sources)
tests_unit_grant_unit_CPPFLAGS = $(share_unit_cppflags)
tests_unit_grant_unit_CFLAGS = $(share_unit_cflags)
tests_unit_grant_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_share_race_unit_SOURCES = tests/unit/share_race_unit.c $(share_unit_sources)
tests_unit_share_race_unit_CPPFLAGS = $(share_unit_cppflags)
tests_unit_share_race_unit_CFLAGS = $(share_unit_cflags)
tests_unit_share_race_unit_LDADD = $(CMOCKA_LIBS)
