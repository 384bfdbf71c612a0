# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile fragment of tests/guests: "make guests" links each test, one folder with a main.c, with the library
# into a 64-bit PV kernel, tests/guests/NAME.elf. By hand for a single one: make tests/guests/hello.elf; then
# tests/guests/run hello.

GUEST_NAMES = hello version memory pagetables va-mapping pt-writes multicall events fifo grants timers sched vcpus \
	exceptions user-mode descriptors segments fpu debug-registers privileged console physdev callbacks vm-assist \
	hostile-memory hostile-selectors hostile-iret hostile-lists hostile-pointers control system unprivileged \
	dirty-log suspend extension trace symcall tables watchdog

GUEST_LIB = head entry guest trap page event vcpu user child print format string
GUEST_LIB_OBJECTS = $(GUEST_LIB:%=tests/guests/lib/%.guest.o)
GUEST_FLAGS = $(TENON_CFLAGS) -O2 -g -ffreestanding -fno-pic -fno-pie -mcmodel=kernel -mno-red-zone \
	-mgeneral-regs-only -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables \
	-fno-strict-aliasing -I$(top_srcdir)/libhypercall/include -I$(top_srcdir)/tests/guests/lib
GUEST_LINK = $(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
	-Wl,--no-warn-rwx-segments -T $(top_srcdir)/tests/guests/lib/guest.lds
GUEST_INCLUDES = tests/guests/lib/guest.h tests/guests/lib/types.h tests/guests/lib/hypercall.h \
	tests/guests/lib/print.h tests/guests/lib/format.h tests/guests/lib/page.h tests/guests/lib/trap.h \
	tests/guests/lib/vcpu.h tests/guests/lib/event.h tests/guests/lib/user.h tests/guests/lib/child.h

GUEST_PREREQUISITES = $(GUEST_INCLUDES:%=$(top_srcdir)/%) $(libhypercall_headers:%=$(top_srcdir)/%)

GUEST_TESTS += $(GUEST_NAMES:%=tests/guests/%.elf)

# The kernel of docs/porting.md, which tests nothing by itself: the scenario lab/porting boots it.
PORTING = entry memory event time console grant store block main
PORTING_OBJECTS = $(PORTING:%=tests/guests/porting/%.guest.o)
PORTING_LIB_OBJECTS = tests/guests/lib/format.guest.o tests/guests/lib/string.guest.o
PORTING_INCLUDES = $(top_srcdir)/tests/guests/porting/kernel.h $(top_srcdir)/tests/guests/porting/layout.h

guests: tests/guests/porting.elf

EXTRA_DIST += tests/guests/run tests/guests/lib/guest.lds $(GUEST_INCLUDES) \
	$(GUEST_NAMES:%=tests/guests/%/main.c) tests/guests/porting
CLEANFILES += $(GUEST_TESTS) $(GUEST_LIB_OBJECTS) $(GUEST_NAMES:%=tests/guests/%.guest.o) $(PORTING_OBJECTS) \
	tests/guests/porting.elf

tests/guests/lib/%.guest.o: $(top_srcdir)/tests/guests/lib/%.c $(GUEST_PREREQUISITES)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(GUEST_FLAGS) -c -o $@ $<

tests/guests/lib/%.guest.o: $(top_srcdir)/tests/guests/lib/%.S
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(CC) $(GUEST_FLAGS) -c -o $@ $<

tests/guests/porting/%.guest.o: $(top_srcdir)/tests/guests/porting/%.c $(GUEST_PREREQUISITES) $(PORTING_INCLUDES)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(GUEST_FLAGS) -c -o $@ $<

tests/guests/porting/%.guest.o: $(top_srcdir)/tests/guests/porting/%.S $(GUEST_PREREQUISITES) $(PORTING_INCLUDES)
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(CC) $(GUEST_FLAGS) -c -o $@ $<

tests/guests/porting.elf: $(PORTING_OBJECTS) $(PORTING_LIB_OBJECTS) $(top_srcdir)/tests/guests/lib/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $(PORTING_OBJECTS) $(PORTING_LIB_OBJECTS)

tests/guests/%.guest.o: $(top_srcdir)/tests/guests/%/main.c $(GUEST_PREREQUISITES)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(GUEST_FLAGS) -c -o $@ $<

tests/guests/%.elf: tests/guests/%.guest.o $(GUEST_LIB_OBJECTS) $(top_srcdir)/tests/guests/lib/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< $(GUEST_LIB_OBJECTS)

.SECONDARY: $(PORTING_OBJECTS) $(GUEST_LIB_OBJECTS) $(GUEST_NAMES:%=tests/guests/%.guest.o)
