# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of the domain builder, the ring helpers and libhypercall, included by tests/unit/local.mk.

build_unit_tests = tests/unit/build_unit tests/unit/elf_unit tests/unit/image_unit tests/unit/layout_unit
check_PROGRAMS += $(build_unit_tests) tests/unit/ring_unit
UNIT_TESTS += $(build_unit_tests) tests/unit/ring_unit

build_unit_kernels = tests/unit/kernel_image.c tests/unit/kernel_image.h
build_unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir)
build_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
build_unit_libs = dom0-tools/build/libbuild.la libhypercall/libhypercall.la $(CMOCKA_LIBS)

tests_unit_build_unit_SOURCES = tests/unit/build_unit.c $(build_unit_kernels)
tests_unit_build_unit_CPPFLAGS = $(build_unit_cppflags)
tests_unit_build_unit_CFLAGS = $(build_unit_cflags)
tests_unit_build_unit_LDADD = $(build_unit_libs)

tests_unit_elf_unit_SOURCES = tests/unit/elf_unit.c $(build_unit_kernels)
tests_unit_elf_unit_CPPFLAGS = $(build_unit_cppflags)
tests_unit_elf_unit_CFLAGS = $(build_unit_cflags)
tests_unit_elf_unit_LDADD = $(build_unit_libs)

tests_unit_image_unit_SOURCES = tests/unit/image_unit.c $(build_unit_kernels)
tests_unit_image_unit_CPPFLAGS = $(build_unit_cppflags)
tests_unit_image_unit_CFLAGS = $(build_unit_cflags)
tests_unit_image_unit_LDADD = $(build_unit_libs) $(LZ4_LIBS) $(LZMA_LIBS) $(ZLIB_LIBS) $(ZSTD_LIBS)

tests_unit_layout_unit_SOURCES = tests/unit/layout_unit.c $(build_unit_kernels)
tests_unit_layout_unit_CPPFLAGS = $(build_unit_cppflags)
tests_unit_layout_unit_CFLAGS = $(build_unit_cflags)
tests_unit_layout_unit_LDADD = $(build_unit_libs)

tests_unit_ring_unit_SOURCES = tests/unit/ring_unit.c
tests_unit_ring_unit_CFLAGS = $(build_unit_cflags)
tests_unit_ring_unit_LDADD = $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/hypercall_unit
UNIT_TESTS += tests/unit/hypercall_unit
tests_unit_hypercall_unit_SOURCES = tests/unit/hypercall_unit.c
tests_unit_hypercall_unit_CFLAGS = $(build_unit_cflags)
tests_unit_hypercall_unit_LDADD = libhypercall/libhypercall.la $(CMOCKA_LIBS)
