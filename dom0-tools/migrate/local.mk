# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/migrate: a guest's state as a stream.
#
#   libstream.la    the stream itself and checks of what it says: no hypervisor; also tests' and tenond's
#   libmigrate.la   saving and restoring
#   tenon-migrate   the program that tenond runs for each operation

noinst_LTLIBRARIES += dom0-tools/migrate/libstream.la dom0-tools/migrate/libmigrate.la
pkglibexec_PROGRAMS += tenon-migrate

dom0_tools_migrate_libstream_la_SOURCES = \
	dom0-tools/build/error.c dom0-tools/build/error.h \
	dom0-tools/migrate/disk_log.c dom0-tools/migrate/disk_log.h \
	dom0-tools/migrate/incoming.c dom0-tools/migrate/incoming.h \
	dom0-tools/migrate/stream.h dom0-tools/migrate/stream_read.c dom0-tools/migrate/stream_series.c \
	dom0-tools/migrate/stream_write.c \
	dom0-tools/migrate/table.c dom0-tools/migrate/table.h
dom0_tools_migrate_libstream_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS) $(ZSTD_CFLAGS)
dom0_tools_migrate_libstream_la_LIBADD = $(ZLIB_LIBS) $(ZSTD_LIBS)

dom0_tools_migrate_libmigrate_la_SOURCES = \
	dom0-tools/migrate/checkpoint.c dom0-tools/migrate/checkpoint.h \
	dom0-tools/migrate/converge.c dom0-tools/migrate/converge.h \
	dom0-tools/migrate/disk_in.c dom0-tools/migrate/disk_in.h \
	dom0-tools/migrate/disks.c dom0-tools/migrate/disks.h \
	dom0-tools/migrate/guest.c dom0-tools/migrate/guest.h \
	dom0-tools/migrate/live.c dom0-tools/migrate/live.h \
	dom0-tools/migrate/pages.c dom0-tools/migrate/pages.h \
	dom0-tools/migrate/restore.c dom0-tools/migrate/restore.h \
	dom0-tools/migrate/save.c dom0-tools/migrate/save.h dom0-tools/migrate/saver.h
dom0_tools_migrate_libmigrate_la_CFLAGS = $(AM_CFLAGS)

tenon_migrate_SOURCES = dom0-tools/migrate/worker.c
tenon_migrate_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(UUID_CFLAGS)
tenon_migrate_LDADD = dom0-tools/migrate/libmigrate.la dom0-tools/migrate/libstream.la \
	dom0-tools/build/libbuild.la libhypercall/libhypercall.la $(JANSSON_LIBS) $(UUID_LIBS)

HEADER_CHECK += \
	dom0-tools/migrate/checkpoint.h dom0-tools/migrate/converge.h dom0-tools/migrate/disk_in.h \
	dom0-tools/migrate/disk_log.h dom0-tools/migrate/disks.h dom0-tools/migrate/guest.h \
	dom0-tools/migrate/incoming.h dom0-tools/migrate/live.h \
	dom0-tools/migrate/pages.h dom0-tools/migrate/restore.h \
	dom0-tools/migrate/save.h dom0-tools/migrate/saver.h dom0-tools/migrate/stream.h dom0-tools/migrate/table.h
