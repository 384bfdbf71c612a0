# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile fragment of tests/bench: "make bench" builds what tests/bench/compare runs on its machines.

BENCH_MICRO = main system_call signal memory switch process compute
BENCH_INCLUDES = tests/bench/micro/mark.h tests/bench/micro/micro.h
BENCH_KERNEL = main call memory event grant
BENCH_KERNEL_INCLUDES = tests/bench/micro/mark.h tests/bench/kernel/rows.h tests/bench/kernel/rows.def
BENCH_KERNEL_OBJECTS = $(BENCH_KERNEL:%=tests/bench/kernel/%.guest.o)
BENCH_GUESTS = idle answer worker
BENCH_SINGLE = tests/bench/measure tests/bench/turns tests/bench/quanta tests/bench/events tests/bench/load \
	tests/bench/dirtied
BENCH_LOG = tests/bench/dirtylog
BENCH_PLUGINS = tests/bench/count.so tests/bench/noise.so
BENCH_FILES = tests/bench/microbench tests/bench/seedrng $(BENCH_SINGLE) $(BENCH_LOG) $(BENCH_PLUGINS) tests/bench/kernel.elf \
	$(BENCH_GUESTS:%=tests/bench/%.elf)

BENCH_TOOLS = compare patched migrate profile size noise scale build-disk xen-live
BENCH_LIB = __init__ cost counts elf groups guest kernel machine micro migration plot report row
BENCH_GUEST = block block-job build build-job dirty dirty-job domains.sh event init lifecycle many memory \
	migrate migrate-job network network-job network-server run-guest scale

EXTRA_DIST += $(BENCH_TOOLS:%=tests/bench/%) $(BENCH_LIB:%=tests/bench/benchlib/%.py) \
	$(BENCH_GUEST:%=tests/bench/guest/%) $(BENCH_MICRO:%=tests/bench/micro/%.c) $(BENCH_INCLUDES) \
	$(BENCH_SINGLE:tests/bench/%=tests/bench/micro/%.c) $(BENCH_LOG:tests/bench/%=tests/bench/micro/%.c) \
	$(BENCH_KERNEL:%=tests/bench/kernel/%.c) $(BENCH_GUESTS:%=tests/bench/kernel/%.c) \
	tests/bench/kernel/rows.h tests/bench/kernel/rows.def \
	$(BENCH_PLUGINS:tests/bench/%.so=tests/bench/plugin/%.c) tests/bench/plugin/qemu.h
CLEANFILES += $(BENCH_FILES) $(BENCH_KERNEL_OBJECTS) $(BENCH_GUESTS:%=tests/bench/kernel/%.guest.o)

.PHONY: bench

bench: $(BENCH_FILES)

# Static, so that one file with one C library runs in dom0 and in every guest.
tests/bench/microbench: $(BENCH_MICRO:%=$(top_srcdir)/tests/bench/micro/%.c) $(BENCH_INCLUDES:%=$(top_srcdir)/%)
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(TENON_CFLAGS) -D_GNU_SOURCE -O2 -static -o $@ \
		$(BENCH_MICRO:%=$(top_srcdir)/tests/bench/micro/%.c)

$(BENCH_SINGLE): tests/bench/%: $(top_srcdir)/tests/bench/micro/%.c $(BENCH_INCLUDES:%=$(top_srcdir)/%)
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(TENON_CFLAGS) -D_GNU_SOURCE -O2 -static -o $@ $<

# What dom0 has in its initial file system.
tests/bench/seedrng: $(top_srcdir)/tests/lab/dom0/seedrng.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(TENON_CFLAGS) -O2 -static -o $@ $<

# With the library in it, for it runs on Xen too, where there is none.
$(BENCH_LOG): tests/bench/%: $(top_srcdir)/tests/bench/micro/%.c \
		$(libhypercall_libhypercall_la_SOURCES:%=$(top_srcdir)/%)
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(AM_CPPFLAGS) $(TENON_CFLAGS) -O2 -static -o $@ $(filter %.c,$^)

# For QEMU on this machine; they find QEMU's functions when they are loaded.
$(BENCH_PLUGINS): tests/bench/%.so: $(top_srcdir)/tests/bench/plugin/%.c $(top_srcdir)/tests/bench/plugin/qemu.h
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(TENON_CFLAGS) -O2 -fPIC -shared -fvisibility=hidden -o $@ $<

# Kernels of their own, on the library of the test kernels.
tests/bench/kernel/%.guest.o: $(top_srcdir)/tests/bench/kernel/%.c \
		$(GUEST_INCLUDES:%=$(top_srcdir)/%) $(BENCH_KERNEL_INCLUDES:%=$(top_srcdir)/%)
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(CC) $(GUEST_FLAGS) -c -o $@ $<

tests/bench/kernel.elf: $(BENCH_KERNEL_OBJECTS) $(GUEST_LIB_OBJECTS) $(top_srcdir)/tests/guests/lib/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $(BENCH_KERNEL_OBJECTS) $(GUEST_LIB_OBJECTS)

$(BENCH_GUESTS:%=tests/bench/%.elf): tests/bench/%.elf: tests/bench/kernel/%.guest.o $(GUEST_LIB_OBJECTS) \
		$(top_srcdir)/tests/guests/lib/guest.lds
	$(AM_V_CCLD)$(GUEST_LINK) -o $@ $< $(GUEST_LIB_OBJECTS)
