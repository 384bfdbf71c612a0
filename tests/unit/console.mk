# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of dom0-tools/consoled, included by tests/unit/local.mk. Event channels and the guest's
# page are the test's own, the rest is the daemon's.

check_PROGRAMS += tests/unit/console_unit
UNIT_TESTS += tests/unit/console_unit

tests_unit_console_unit_SOURCES = tests/unit/console_unit.c \
	dom0-tools/lib/log.c dom0-tools/lib/queue.c
tests_unit_console_unit_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/dom0-tools/lib -I$(top_srcdir)/dom0-tools/consoled
tests_unit_console_unit_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(SYSTEMD_CFLAGS)
tests_unit_console_unit_LDADD = dom0-tools/consoled/libconsoled.la $(CMOCKA_LIBS) $(SYSTEMD_LIBS)

# The search for guests, with the store's own loop and client.
check_PROGRAMS += tests/unit/console_guests_unit
UNIT_TESTS += tests/unit/console_guests_unit

tests_unit_console_guests_unit_SOURCES = tests/unit/console_guests_unit.c dom0-tools/consoled/guests.c \
	$(store_unit_process)
tests_unit_console_guests_unit_CPPFLAGS = $(store_unit_cppflags) -I$(top_srcdir)/dom0-tools/consoled
tests_unit_console_guests_unit_CFLAGS = $(store_unit_cflags) $(SYSTEMD_CFLAGS)
tests_unit_console_guests_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sendmsg
tests_unit_console_guests_unit_LDADD = dom0-tools/lib/libstoreclient.la $(store_unit_libs)
