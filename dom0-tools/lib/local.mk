# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/lib: what the daemons share, as convenience libraries.

noinst_LTLIBRARIES += \
	dom0-tools/lib/libdaemon.la \
	dom0-tools/lib/libstoreclient.la

# The client of the store; needs nothing but the C library.
dom0_tools_lib_libstoreclient_la_SOURCES = \
	dom0-tools/lib/store_client.c \
	dom0-tools/lib/store_client.h \
	dom0-tools/lib/store_client_internal.h \
	dom0-tools/lib/store_link.c \
	dom0-tools/lib/store_wire.c \
	dom0-tools/lib/store_wire.h \
	dom0-tools/lib/unix_socket.h

# Logging, going to the background, queues, pages shared with guests; needs libsystemd and libhypercall.
dom0_tools_lib_libdaemon_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
dom0_tools_lib_libdaemon_la_SOURCES = \
	dom0-tools/lib/clock.h \
	dom0-tools/lib/daemon.c \
	dom0-tools/lib/daemon.h \
	dom0-tools/lib/guest_page.c \
	dom0-tools/lib/guest_page.h \
	dom0-tools/lib/list.h \
	dom0-tools/lib/log.c \
	dom0-tools/lib/log.h \
	dom0-tools/lib/ports.c \
	dom0-tools/lib/ports.h \
	dom0-tools/lib/queue.c \
	dom0-tools/lib/queue.h

HEADER_CHECK += \
	dom0-tools/lib/clock.h \
	dom0-tools/lib/daemon.h \
	dom0-tools/lib/guest_page.h \
	dom0-tools/lib/list.h \
	dom0-tools/lib/log.h \
	dom0-tools/lib/ports.h \
	dom0-tools/lib/queue.h \
	dom0-tools/lib/store_client.h \
	dom0-tools/lib/store_wire.h \
	dom0-tools/lib/unix_socket.h
