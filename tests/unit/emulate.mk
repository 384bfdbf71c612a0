# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of hypervisor/emulate, xen_version and platform_op, included by tests/unit/local.mk.

emulate_unit_tests = tests/unit/decode_unit tests/unit/ptwrite_unit tests/unit/ptwrite_native_unit \
	tests/unit/privileged_unit tests/unit/cpuid_unit tests/fuzz/decode_fuzz
check_PROGRAMS += $(emulate_unit_tests)
UNIT_TESTS += $(emulate_unit_tests)

# The hypervisor first: the library, too, has a hypercall/hypercall.h.
emulate_unit_cppflags = -I$(top_srcdir)/hypervisor -I$(top_srcdir)/tests/unit $(AM_CPPFLAGS) -DTENON_HOST
emulate_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -fno-strict-aliasing
emulate_unit_libs = libemulate_host.la $(CMOCKA_LIBS)

# Everything but machine.c, which is the real machine.
check_LTLIBRARIES += libemulate_host.la
libemulate_host_la_SOURCES = hypervisor/emulate/arithmetic.c hypervisor/emulate/control.c \
	hypervisor/emulate/cpuid.c hypervisor/emulate/decode.c hypervisor/emulate/execute.c \
	hypervisor/emulate/msr.c hypervisor/emulate/port.c hypervisor/emulate/privileged.c \
	hypervisor/emulate/ptwrite.c tests/unit/emulate_world.c tests/unit/emulate_world.h
libemulate_host_la_CPPFLAGS = $(emulate_unit_cppflags)
libemulate_host_la_CFLAGS = $(emulate_unit_cflags)

tests_unit_decode_unit_SOURCES = tests/unit/decode_unit.c
tests_unit_decode_unit_CPPFLAGS = $(emulate_unit_cppflags)
tests_unit_decode_unit_CFLAGS = $(emulate_unit_cflags)
tests_unit_decode_unit_LDADD = $(emulate_unit_libs)

tests_unit_ptwrite_unit_SOURCES = tests/unit/ptwrite_unit.c
tests_unit_ptwrite_unit_CPPFLAGS = $(emulate_unit_cppflags)
tests_unit_ptwrite_unit_CFLAGS = $(emulate_unit_cflags)
tests_unit_ptwrite_unit_LDADD = $(emulate_unit_libs)

tests_unit_ptwrite_native_unit_SOURCES = tests/unit/ptwrite_native_unit.c
tests_unit_ptwrite_native_unit_CPPFLAGS = $(emulate_unit_cppflags)
tests_unit_ptwrite_native_unit_CFLAGS = $(emulate_unit_cflags)
tests_unit_ptwrite_native_unit_LDADD = $(emulate_unit_libs)

tests_unit_privileged_unit_SOURCES = tests/unit/privileged_unit.c
tests_unit_privileged_unit_CPPFLAGS = $(emulate_unit_cppflags)
tests_unit_privileged_unit_CFLAGS = $(emulate_unit_cflags)
tests_unit_privileged_unit_LDADD = $(emulate_unit_libs)

tests_unit_cpuid_unit_SOURCES = tests/unit/cpuid_unit.c
tests_unit_cpuid_unit_CPPFLAGS = $(emulate_unit_cppflags)
tests_unit_cpuid_unit_CFLAGS = $(emulate_unit_cflags)
tests_unit_cpuid_unit_LDADD = $(emulate_unit_libs)

tests_fuzz_decode_fuzz_SOURCES = tests/fuzz/decode_fuzz.c
tests_fuzz_decode_fuzz_CPPFLAGS = $(emulate_unit_cppflags)
tests_fuzz_decode_fuzz_CFLAGS = $(emulate_unit_cflags)
tests_fuzz_decode_fuzz_LDADD = $(emulate_unit_libs)

check_PROGRAMS += tests/unit/platform_unit
UNIT_TESTS += tests/unit/platform_unit
tests_unit_platform_unit_SOURCES = tests/unit/platform_unit.c hypervisor/hypercall/version.c \
	hypervisor/hypercall/platform.c
tests_unit_platform_unit_CPPFLAGS = $(emulate_unit_cppflags)
tests_unit_platform_unit_CFLAGS = $(emulate_unit_cflags)
tests_unit_platform_unit_LDADD = $(CMOCKA_LIBS)
