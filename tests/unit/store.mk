# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of dom0-tools/stored, included by tests/unit/local.mk. They link the daemon's own objects
# and a world of guests in memory in place of the hypervisor.

store_unit_tests = \
	tests/unit/store_tree_unit \
	tests/unit/store_transaction_unit \
	tests/unit/store_request_unit \
	tests/unit/store_ring_unit \
	tests/unit/store_journal_unit \
	tests/unit/store_kill_unit \
	tests/unit/store_client_unit \
	tests/fuzz/store_fuzz
check_PROGRAMS += $(store_unit_tests)
UNIT_TESTS += $(store_unit_tests)

check_LTLIBRARIES += libstoreworld.la
libstoreworld_la_SOURCES = tests/unit/store_world.c tests/unit/store_world.h
libstoreworld_la_LIBADD = dom0-tools/stored/libstored.la
store_unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/dom0-tools/lib -I$(top_srcdir)/dom0-tools/stored \
	-I$(top_srcdir)/tests/unit
store_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
store_unit_libs = libstoreworld.la dom0-tools/lib/libdaemon.la $(CMOCKA_LIBS) $(SYSTEMD_LIBS)
libstoreworld_la_CPPFLAGS = $(store_unit_cppflags)
libstoreworld_la_CFLAGS = $(store_unit_cflags)

tests_unit_store_tree_unit_SOURCES = tests/unit/store_tree_unit.c
tests_unit_store_tree_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_tree_unit_CFLAGS = $(store_unit_cflags)
tests_unit_store_tree_unit_LDADD = $(store_unit_libs)

tests_unit_store_transaction_unit_SOURCES = tests/unit/store_transaction_unit.c
tests_unit_store_transaction_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_transaction_unit_CFLAGS = $(store_unit_cflags)
tests_unit_store_transaction_unit_LDADD = $(store_unit_libs)

tests_unit_store_request_unit_SOURCES = tests/unit/store_request_unit.c
tests_unit_store_request_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_request_unit_CFLAGS = $(store_unit_cflags)
tests_unit_store_request_unit_LDADD = $(store_unit_libs)

tests_unit_store_ring_unit_SOURCES = tests/unit/store_ring_unit.c
tests_unit_store_ring_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_ring_unit_CFLAGS = $(store_unit_cflags)
tests_unit_store_ring_unit_LDADD = $(store_unit_libs)

tests_unit_store_journal_unit_SOURCES = tests/unit/store_journal_unit.c
tests_unit_store_journal_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_journal_unit_CFLAGS = $(store_unit_cflags)
tests_unit_store_journal_unit_LDADD = $(store_unit_libs)

tests_unit_store_kill_unit_SOURCES = tests/unit/store_kill_unit.c
tests_unit_store_kill_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_kill_unit_CFLAGS = $(store_unit_cflags)
tests_unit_store_kill_unit_LDADD = $(store_unit_libs)

# The daemon's loop and sockets are compiled for it, since they belong to the program, not to the library.
store_unit_process = tests/unit/store_process.c tests/unit/store_process.h \
	dom0-tools/stored/server.c dom0-tools/stored/socket.c
tests_unit_store_client_unit_SOURCES = tests/unit/store_client_unit.c $(store_unit_process)
tests_unit_store_client_unit_CPPFLAGS = $(store_unit_cppflags)
tests_unit_store_client_unit_CFLAGS = $(store_unit_cflags) $(SYSTEMD_CFLAGS)
tests_unit_store_client_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sendmsg
tests_unit_store_client_unit_LDADD = dom0-tools/lib/libstoreclient.la $(store_unit_libs)

tests_fuzz_store_fuzz_SOURCES = tests/fuzz/store_fuzz.c tests/fuzz/scripts.c tests/fuzz/scripts.h
tests_fuzz_store_fuzz_CPPFLAGS = $(store_unit_cppflags)
tests_fuzz_store_fuzz_CFLAGS = $(store_unit_cflags)
tests_fuzz_store_fuzz_LDADD = $(store_unit_libs)
