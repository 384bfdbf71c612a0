# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/cli: the command line. All but main is a convenience library for the tests.

noinst_LTLIBRARIES += dom0-tools/cli/libtenoncli.la
bin_PROGRAMS += tenon
man_MANS += dom0-tools/cli/tenon.1
CLEANFILES += dom0-tools/cli/tenon.1 dom0-tools/cli/commands.man
EXTRA_DIST += dom0-tools/cli/tenon.1.in
bashcompletiondir = $(datadir)/bash-completion/completions
dist_bashcompletion_DATA = dom0-tools/cli/completion/tenon

dom0_tools_cli_libtenoncli_la_SOURCES = \
	dom0-tools/cli/cli.c dom0-tools/cli/cli.h \
	dom0-tools/cli/client.c dom0-tools/cli/client.h \
	dom0-tools/cli/commands.c \
	dom0-tools/cli/console.c \
	dom0-tools/cli/definition.c \
	dom0-tools/cli/domain.c \
	dom0-tools/cli/host.c \
	dom0-tools/cli/migrate.c \
	dom0-tools/cli/output.c dom0-tools/cli/output.h \
	dom0-tools/cli/peers.c \
	dom0-tools/cli/resources.c \
	dom0-tools/cli/state.c \
	dom0-tools/cli/stop.c \
	dom0-tools/cli/symcall.c \
	dom0-tools/cli/top.c \
	dom0-tools/cli/trace.c \
	dom0-tools/cli/usage.c dom0-tools/cli/watch.c dom0-tools/cli/watch.h
dom0_tools_cli_libtenoncli_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
dom0_tools_cli_libtenoncli_la_LIBADD = $(JANSSON_LIBS) -lpthread

tenon_SOURCES = dom0-tools/cli/tenon.c
tenon_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tenon_LDADD = dom0-tools/cli/libtenoncli.la
# It runs for a moment, and a third of that would be the dynamic linker's: see configure.ac.
tenon_LDFLAGS = $(AM_LDFLAGS)
if STATIC_CLI
tenon_LDFLAGS += -all-static
endif

# The manual page's commands are those of the program.
dom0-tools/cli/tenon.1: $(top_srcdir)/dom0-tools/cli/tenon.1.in tenon$(EXEEXT)
	$(AM_V_GEN)./tenon$(EXEEXT) --manual >dom0-tools/cli/commands.man
	$(AM_V_at)$(SED) -e '/^@COMMANDS@$$/{r dom0-tools/cli/commands.man' -e 'd' -e '}' \
		$(top_srcdir)/dom0-tools/cli/tenon.1.in >$@.new
	$(AM_V_at)mv $@.new $@

HEADER_CHECK += dom0-tools/cli/cli.h dom0-tools/cli/client.h dom0-tools/cli/output.h
