# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of the stream of a guest's state, included by tests/unit/local.mk.

migrate_unit_tests = tests/unit/migrate_guest_unit tests/unit/migrate_save_unit \
	tests/unit/migrate_converge_unit tests/unit/migrate_disks_unit tests/unit/migrate_checkpoint_unit tests/unit/migrate_series_unit \
	tests/unit/migrate_series_peer_unit tests/unit/migrate_leave_unit tests/unit/migrate_come_unit \
	tests/unit/migrate_listen_unit tests/unit/migrate_patience_unit tests/unit/migrate_tls_unit tests/fuzz/stream_fuzz
check_PROGRAMS += $(migrate_unit_tests)
UNIT_TESTS += $(migrate_unit_tests)

migrate_unit_world = tests/unit/migrate_world.c tests/unit/migrate_world.h
migrate_unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir) -I$(top_srcdir)/tests/unit
migrate_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(ZLIB_CFLAGS)
migrate_unit_libs = dom0-tools/migrate/libmigrate.la dom0-tools/migrate/libstream.la $(CMOCKA_LIBS) $(ZLIB_LIBS)

tests_unit_migrate_guest_unit_SOURCES = tests/unit/migrate_guest_unit.c $(migrate_unit_world)
tests_unit_migrate_guest_unit_CPPFLAGS = $(migrate_unit_cppflags)
tests_unit_migrate_guest_unit_CFLAGS = $(migrate_unit_cflags)
tests_unit_migrate_guest_unit_LDADD = $(migrate_unit_libs)

tests_unit_migrate_checkpoint_unit_SOURCES = tests/unit/migrate_checkpoint_unit.c $(migrate_unit_world)
tests_unit_migrate_checkpoint_unit_CPPFLAGS = $(migrate_unit_cppflags)
tests_unit_migrate_checkpoint_unit_CFLAGS = $(migrate_unit_cflags)
tests_unit_migrate_checkpoint_unit_LDADD = $(migrate_unit_libs)

tests_unit_migrate_converge_unit_SOURCES = tests/unit/migrate_converge_unit.c
tests_unit_migrate_converge_unit_CPPFLAGS = $(migrate_unit_cppflags)
tests_unit_migrate_converge_unit_CFLAGS = $(migrate_unit_cflags)
tests_unit_migrate_converge_unit_LDADD = $(migrate_unit_libs)

tests_unit_migrate_disks_unit_SOURCES = tests/unit/migrate_disks_unit.c $(migrate_unit_world)
tests_unit_migrate_disks_unit_CPPFLAGS = $(migrate_unit_cppflags)
tests_unit_migrate_disks_unit_CFLAGS = $(migrate_unit_cflags)
tests_unit_migrate_disks_unit_LDADD = $(migrate_unit_libs)

# Against the imitated hypervisor and store of tenond's tests, and an imitated tenon-migrate.
tests_unit_migrate_save_unit_SOURCES = tests/unit/migrate_save_unit.c
tests_unit_migrate_save_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_save_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_save_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=open
tests_unit_migrate_save_unit_LDADD = $(tenond_unit_libs)

tests_unit_migrate_series_unit_SOURCES = tests/unit/migrate_series_unit.c
tests_unit_migrate_series_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_series_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_series_unit_LDADD = $(tenond_unit_libs) -lpthread

migrate_patience = tests/unit/migrate_patience.c tests/unit/migrate_patience.h
migrate_patience_wrap = -Wl,--wrap=patience_begin -Wl,--wrap=patience_end
tests_unit_migrate_series_peer_unit_SOURCES = tests/unit/migrate_series_peer_unit.c $(migrate_patience)
tests_unit_migrate_series_peer_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_series_peer_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_series_peer_unit_LDFLAGS = $(AM_LDFLAGS) $(migrate_patience_wrap)
tests_unit_migrate_series_peer_unit_LDADD = $(tenond_unit_libs) -lpthread

migrate_unit_parts = tests/unit/migrate_parts.c tests/unit/migrate_parts.h
tests_unit_migrate_leave_unit_SOURCES = tests/unit/migrate_leave_unit.c $(migrate_unit_parts) $(migrate_patience)
tests_unit_migrate_leave_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_leave_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_leave_unit_LDFLAGS = $(AM_LDFLAGS) $(migrate_patience_wrap)
tests_unit_migrate_leave_unit_LDADD = $(tenond_unit_libs) -lpthread

tests_unit_migrate_come_unit_SOURCES = tests/unit/migrate_come_unit.c $(migrate_unit_parts)
tests_unit_migrate_come_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_come_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_come_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=rename -Wl,--wrap=unlink
tests_unit_migrate_come_unit_LDADD = $(tenond_unit_libs) -lpthread

tests_unit_migrate_listen_unit_SOURCES = tests/unit/migrate_listen_unit.c $(tenond_unit_requests)
tests_unit_migrate_listen_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_listen_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_listen_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=peer_receive
tests_unit_migrate_listen_unit_LDADD = $(tenond_unit_libs)

tests_unit_migrate_patience_unit_SOURCES = tests/unit/migrate_patience_unit.c
tests_unit_migrate_patience_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_patience_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_patience_unit_LDADD = $(tenond_unit_libs) -lpthread

tests_unit_migrate_tls_unit_SOURCES = tests/unit/migrate_tls_unit.c $(migrate_patience)
tests_unit_migrate_tls_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_migrate_tls_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_migrate_tls_unit_LDFLAGS = $(AM_LDFLAGS) $(migrate_patience_wrap)
tests_unit_migrate_tls_unit_LDADD = $(tenond_unit_libs) -lpthread

tests_fuzz_stream_fuzz_SOURCES = tests/fuzz/stream_fuzz.c tests/fuzz/scripts.c tests/fuzz/scripts.h $(migrate_unit_world)
tests_fuzz_stream_fuzz_CPPFLAGS = $(migrate_unit_cppflags)
tests_fuzz_stream_fuzz_CFLAGS = $(migrate_unit_cflags)
tests_fuzz_stream_fuzz_LDADD = $(migrate_unit_libs)
