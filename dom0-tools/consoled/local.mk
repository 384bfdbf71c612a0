# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/consoled: the console daemon. All of it but main and the search for guests is
# a convenience library, so that the unit tests link the same objects.

noinst_LTLIBRARIES += dom0-tools/consoled/libconsoled.la
sbin_PROGRAMS += tenon-consoled
dist_man_MANS += dom0-tools/consoled/tenon-consoled.8

consoled_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)/dom0-tools/lib

dom0_tools_consoled_libconsoled_la_CPPFLAGS = $(consoled_cppflags)
dom0_tools_consoled_libconsoled_la_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
dom0_tools_consoled_libconsoled_la_SOURCES = \
	dom0-tools/consoled/attach.c \
	dom0-tools/consoled/attach.h \
	dom0-tools/consoled/backlog.c \
	dom0-tools/consoled/backlog.h \
	dom0-tools/consoled/console.c \
	dom0-tools/consoled/console.h \
	dom0-tools/consoled/logfile.c \
	dom0-tools/consoled/logfile.h \
	dom0-tools/consoled/progress.c \
	dom0-tools/consoled/progress.h

tenon_consoled_CPPFLAGS = $(consoled_cppflags)
tenon_consoled_CFLAGS = $(AM_CFLAGS) $(SYSTEMD_CFLAGS)
tenon_consoled_SOURCES = \
	dom0-tools/consoled/guests.c \
	dom0-tools/consoled/guests.h \
	dom0-tools/consoled/main.c
tenon_consoled_LDADD = \
	dom0-tools/consoled/libconsoled.la \
	dom0-tools/lib/libdaemon.la \
	dom0-tools/lib/libstoreclient.la \
	libhypercall/libhypercall.la \
	$(SYSTEMD_LIBS)
