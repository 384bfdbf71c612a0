# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makefile fragment of tests/bench: "make bench" builds what tests/bench/compare runs on its machines.

BENCH_MICRO = main system_call signal memory switch process compute
BENCH_LIB = __init__ counts groups machine micro plot report row
BENCH_INCLUDES = $(top_srcdir)/tests/bench/micro/mark.h $(top_srcdir)/tests/bench/micro/micro.h
BENCH_FILES = tests/bench/microbench tests/bench/count.so

EXTRA_DIST += tests/bench/compare tests/bench/profile tests/bench/plugin/count.c tests/bench/micro/mark.h \
	tests/bench/micro/micro.h $(BENCH_MICRO:%=tests/bench/micro/%.c) $(BENCH_LIB:%=tests/bench/benchlib/%.py) \
	tests/bench/guest/init tests/bench/guest/run-guest
CLEANFILES += $(BENCH_FILES)

.PHONY: bench

bench: $(BENCH_FILES)

# Static, so that one file with one C library runs in dom0 and in every guest.
tests/bench/microbench: $(BENCH_MICRO:%=$(top_srcdir)/tests/bench/micro/%.c) $(BENCH_INCLUDES)
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(TENON_CFLAGS) -D_GNU_SOURCE -O2 -static -o $@ $(BENCH_MICRO:%=$(top_srcdir)/tests/bench/micro/%.c)

# For QEMU on this machine; it finds QEMU's functions when it is loaded.
tests/bench/count.so: $(top_srcdir)/tests/bench/plugin/count.c
	@$(MKDIR_P) $(@D)
	$(AM_V_CCLD)$(CC) $(TENON_CFLAGS) -O2 -fPIC -shared -fvisibility=hidden -o $@ $<
