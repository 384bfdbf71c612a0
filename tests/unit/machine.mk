# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of hypervisor/time, sched, interrupt and of the ACPI tables, included by tests/unit/local.mk.

machine_unit_tests = tests/unit/timer_unit tests/unit/sched_unit tests/unit/acpi_unit tests/unit/vector_unit \
	tests/unit/msi_unit tests/unit/singleshot_unit
check_PROGRAMS += $(machine_unit_tests)
UNIT_TESTS += $(machine_unit_tests)

machine_unit_world = tests/unit/machine_world.c tests/unit/machine_world.h tests/unit/world_log.c
machine_unit_interrupt = hypervisor/interrupt/ioapic.c hypervisor/interrupt/irq.c hypervisor/interrupt/msi.c \
	hypervisor/interrupt/pci.c hypervisor/interrupt/physdev.c hypervisor/interrupt/pirq.c \
	hypervisor/interrupt/vector.c hypervisor/hypercall/operation.c
machine_unit_sched = hypervisor/sched/cap.c hypervisor/sched/operations.c hypervisor/sched/runqueue.c \
	hypervisor/sched/runstate.c hypervisor/sched/sched.c hypervisor/sched/schedule.c hypervisor/sched/wake.c \
	hypervisor/hypercall/operation.c
# The hypervisor first: the library, too, has a hypercall/hypercall.h.
machine_unit_cppflags = -I$(top_srcdir)/hypervisor $(AM_CPPFLAGS) -DTENON_HOST
machine_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) -fno-strict-aliasing

tests_unit_timer_unit_SOURCES = tests/unit/timer_unit.c $(machine_unit_world) hypervisor/time/timer.c \
	hypervisor/time/cmos.c
tests_unit_timer_unit_CPPFLAGS = $(machine_unit_cppflags)
tests_unit_timer_unit_CFLAGS = $(machine_unit_cflags)
tests_unit_timer_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_singleshot_unit_SOURCES = tests/unit/singleshot_unit.c $(machine_unit_world) hypervisor/time/timer.c \
	hypervisor/time/singleshot.c
tests_unit_singleshot_unit_CPPFLAGS = $(machine_unit_cppflags)
tests_unit_singleshot_unit_CFLAGS = $(machine_unit_cflags)
tests_unit_singleshot_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_sched_unit_SOURCES = tests/unit/sched_unit.c $(machine_unit_world) $(machine_unit_sched) \
	hypervisor/time/timer.c hypervisor/time/area.c
tests_unit_sched_unit_CPPFLAGS = $(machine_unit_cppflags)
tests_unit_sched_unit_CFLAGS = $(machine_unit_cflags)
tests_unit_sched_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_acpi_unit_SOURCES = tests/unit/acpi_unit.c $(machine_unit_world) hypervisor/boot/acpi.c
tests_unit_acpi_unit_CPPFLAGS = $(machine_unit_cppflags)
tests_unit_acpi_unit_CFLAGS = $(machine_unit_cflags)
tests_unit_acpi_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_vector_unit_SOURCES = tests/unit/vector_unit.c $(machine_unit_world) $(machine_unit_interrupt)
tests_unit_vector_unit_CPPFLAGS = $(machine_unit_cppflags)
tests_unit_vector_unit_CFLAGS = $(machine_unit_cflags)
tests_unit_vector_unit_LDADD = $(CMOCKA_LIBS)

tests_unit_msi_unit_SOURCES = tests/unit/msi_unit.c $(machine_unit_world) $(machine_unit_interrupt)
tests_unit_msi_unit_CPPFLAGS = $(machine_unit_cppflags)
tests_unit_msi_unit_CFLAGS = $(machine_unit_cflags)
tests_unit_msi_unit_LDADD = $(CMOCKA_LIBS)
