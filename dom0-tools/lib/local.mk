# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/lib: what the daemons share, as convenience libraries.

noinst_LTLIBRARIES += dom0-tools/lib/libstoreclient.la

# The client of the store; needs nothing but the C library.
dom0_tools_lib_libstoreclient_la_SOURCES = \
	dom0-tools/lib/store_client.c \
	dom0-tools/lib/store_client.h \
	dom0-tools/lib/store_client_internal.h \
	dom0-tools/lib/store_link.c

HEADER_CHECK += \
	dom0-tools/lib/store_client.h
