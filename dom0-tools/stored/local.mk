# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/stored: the store. All of it but main and the hypervisor's devices is a
# convenience library, so that the unit tests link the same objects.

noinst_LTLIBRARIES += dom0-tools/stored/libstored.la
sbin_PROGRAMS += tenon-stored
dist_man_MANS += dom0-tools/stored/tenon-stored.8

stored_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/dom0-tools/lib

dom0_tools_stored_libstored_la_CPPFLAGS = $(stored_cppflags)
dom0_tools_stored_libstored_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
dom0_tools_stored_libstored_la_SOURCES = \
	dom0-tools/stored/account.c \
	dom0-tools/stored/account.h \
	dom0-tools/stored/change.c \
	dom0-tools/stored/change.h \
	dom0-tools/stored/connection.c \
	dom0-tools/stored/connection.h \
	dom0-tools/stored/domain.c \
	dom0-tools/stored/domain.h \
	dom0-tools/stored/hv.h \
	dom0-tools/stored/journal.c \
	dom0-tools/stored/journal.h \
	dom0-tools/stored/node.c \
	dom0-tools/stored/node.h \
	dom0-tools/stored/op.c \
	dom0-tools/stored/op.h \
	dom0-tools/stored/path.c \
	dom0-tools/stored/path.h \
	dom0-tools/stored/perms.c \
	dom0-tools/stored/perms.h \
	dom0-tools/stored/record.c \
	dom0-tools/stored/record.h \
	dom0-tools/stored/request.c \
	dom0-tools/stored/request.h \
	dom0-tools/stored/request_control.c \
	dom0-tools/stored/request_domain.c \
	dom0-tools/stored/request_node.c \
	dom0-tools/stored/request_watch.c \
	dom0-tools/stored/ring.c \
	dom0-tools/stored/ring.h \
	dom0-tools/stored/server.h \
	dom0-tools/stored/state.c \
	dom0-tools/stored/state.h \
	dom0-tools/stored/store.c \
	dom0-tools/stored/store.h \
	dom0-tools/stored/transaction.c \
	dom0-tools/stored/transaction.h \
	dom0-tools/stored/tree.c \
	dom0-tools/stored/tree.h \
	dom0-tools/stored/watch.c \
	dom0-tools/stored/watch.h

tenon_stored_CPPFLAGS = $(stored_cppflags)
tenon_stored_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tenon_stored_SOURCES = \
	dom0-tools/stored/hv.c \
	dom0-tools/stored/main.c \
	dom0-tools/stored/server.c \
	dom0-tools/stored/socket.c \
	dom0-tools/stored/socket.h
tenon_stored_LDADD = \
	dom0-tools/stored/libstored.la \
	dom0-tools/lib/libdaemon.la \
	libhypercall/libhypercall.la \
	$(SYSTEMD_LIBS)
