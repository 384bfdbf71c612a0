# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of hypervisor/memory, included by tests/unit/local.mk. The same sources as the
# hypervisor's, but those that are nothing but privileged instructions.

memory_unit_tests = tests/unit/allocator_unit tests/unit/frame_unit tests/unit/pagetable_unit tests/unit/mmu_unit \
	tests/unit/reservation_unit tests/unit/dirty_unit
check_PROGRAMS += $(memory_unit_tests)
UNIT_TESTS += $(memory_unit_tests)

check_LTLIBRARIES += libmemoryworld.la
libmemoryworld_la_SOURCES = tests/unit/memory_world.c tests/unit/memory_world.h tests/unit/world_log.c \
	hypervisor/extension/tables.c \
	hypervisor/memory/allocator.c hypervisor/memory/base.c hypervisor/memory/dirty.c hypervisor/memory/entry.c \
	hypervisor/memory/exchange.c hypervisor/memory/fault.c hypervisor/memory/frame.c \
	hypervisor/memory/frame_type.c hypervisor/memory/grant_map.c hypervisor/memory/heap.c \
	hypervisor/memory/memory_map.c hypervisor/memory/memory_op.c hypervisor/memory/mmu_update.c \
	hypervisor/memory/mmuext.c hypervisor/memory/owner.c hypervisor/memory/present.c hypervisor/memory/relinquish.c \
	hypervisor/memory/reservation.c hypervisor/memory/shadow.c hypervisor/memory/split.c hypervisor/memory/tlb.c \
	hypervisor/memory/va_mapping.c hypervisor/memory/walk.c hypervisor/hypercall/operation.c
# The hypervisor's headers first: the library has a hypercall/hypercall.h, too.
memory_unit_cppflags = -DTENON_HOST -I$(top_srcdir)/hypervisor $(AM_CPPFLAGS)
memory_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
memory_unit_libs = libmemoryworld.la $(CMOCKA_LIBS) -lpthread
libmemoryworld_la_CPPFLAGS = $(memory_unit_cppflags)
libmemoryworld_la_CFLAGS = $(memory_unit_cflags)

tests_unit_allocator_unit_SOURCES = tests/unit/allocator_unit.c
tests_unit_allocator_unit_CPPFLAGS = $(memory_unit_cppflags)
tests_unit_allocator_unit_CFLAGS = $(memory_unit_cflags)
tests_unit_allocator_unit_LDADD = $(memory_unit_libs)

tests_unit_frame_unit_SOURCES = tests/unit/frame_unit.c
tests_unit_frame_unit_CPPFLAGS = $(memory_unit_cppflags)
tests_unit_frame_unit_CFLAGS = $(memory_unit_cflags)
tests_unit_frame_unit_LDADD = $(memory_unit_libs)

tests_unit_pagetable_unit_SOURCES = tests/unit/pagetable_unit.c
tests_unit_pagetable_unit_CPPFLAGS = $(memory_unit_cppflags)
tests_unit_pagetable_unit_CFLAGS = $(memory_unit_cflags)
tests_unit_pagetable_unit_LDADD = $(memory_unit_libs)

tests_unit_mmu_unit_SOURCES = tests/unit/mmu_unit.c
tests_unit_mmu_unit_CPPFLAGS = $(memory_unit_cppflags)
tests_unit_mmu_unit_CFLAGS = $(memory_unit_cflags)
tests_unit_mmu_unit_LDADD = $(memory_unit_libs)

tests_unit_reservation_unit_SOURCES = tests/unit/reservation_unit.c
tests_unit_reservation_unit_CPPFLAGS = $(memory_unit_cppflags)
tests_unit_reservation_unit_CFLAGS = $(memory_unit_cflags)
tests_unit_reservation_unit_LDADD = $(memory_unit_libs)

tests_unit_dirty_unit_SOURCES = tests/unit/dirty_unit.c
tests_unit_dirty_unit_CPPFLAGS = $(memory_unit_cppflags)
tests_unit_dirty_unit_CFLAGS = $(memory_unit_cflags)
tests_unit_dirty_unit_LDADD = $(memory_unit_libs)
