# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/build: the domain builder, a convenience library for tenond and its tests.

noinst_LTLIBRARIES += dom0-tools/build/libbuild.la

dom0_tools_build_libbuild_la_SOURCES = \
	dom0-tools/build/build.h \
	dom0-tools/build/cache.c dom0-tools/build/cache.h \
	dom0-tools/build/domain.c \
	dom0-tools/build/elf.c dom0-tools/build/elf.h \
	dom0-tools/build/error.c dom0-tools/build/error.h \
	dom0-tools/build/frames.c dom0-tools/build/frames.h \
	dom0-tools/build/image.c dom0-tools/build/image.h \
	dom0-tools/build/initrd.c dom0-tools/build/initrd.h \
	dom0-tools/build/layout.c dom0-tools/build/layout.h \
	dom0-tools/build/notes.c dom0-tools/build/notes.h \
	dom0-tools/build/pagetable.c dom0-tools/build/pagetable.h \
	dom0-tools/build/startinfo.c dom0-tools/build/startinfo.h \
	dom0-tools/build/unpack.c dom0-tools/build/unpack.h \
	dom0-tools/build/unpack_gzip.c dom0-tools/build/unpack_lz4.c \
	dom0-tools/build/unpack_xz.c dom0-tools/build/unpack_zstd.c
dom0_tools_build_libbuild_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS) $(LZ4_CFLAGS) $(LZMA_CFLAGS) $(ZLIB_CFLAGS) \
	$(ZSTD_CFLAGS)
dom0_tools_build_libbuild_la_LIBADD = libhypercall/libhypercall.la $(GNUTLS_LIBS) $(LZ4_LIBS) $(LZMA_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)

HEADER_CHECK += \
	dom0-tools/build/build.h dom0-tools/build/cache.h dom0-tools/build/elf.h \
	dom0-tools/build/error.h dom0-tools/build/frames.h dom0-tools/build/image.h dom0-tools/build/initrd.h \
	dom0-tools/build/layout.h dom0-tools/build/notes.h dom0-tools/build/pagetable.h \
	dom0-tools/build/startinfo.h dom0-tools/build/unpack.h
