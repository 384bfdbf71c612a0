# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment: tests of tenond and of the command line, included by tests/unit/local.mk.

tenond_unit_tests = tests/unit/tenond_config_unit tests/unit/tenond_xml_unit tests/unit/tenond_record_unit \
	tests/unit/tenond_create_unit tests/unit/tenond_api_unit tests/unit/tenond_api_state_unit \
	tests/unit/tenond_antispoof_unit tests/unit/tenond_metrics_unit \
	tests/unit/tenond_http_unit tests/unit/tenond_device_unit tests/unit/tenond_symspy_unit \
	tests/unit/tenond_symcall_unit tests/unit/tenond_definition_unit tests/unit/tenond_resources_unit \
	tests/unit/tenon_cli_unit tests/unit/tenon_cli_definition_unit
check_PROGRAMS += $(tenond_unit_tests)
UNIT_TESTS += $(tenond_unit_tests)
EXTRA_DIST += tests/unit/domain-xml

tenond_unit_cppflags = $(AM_CPPFLAGS) -I$(top_srcdir) -DUNIT_DIR='"$(abs_top_srcdir)/tests/unit"'
tenond_unit_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS) $(JANSSON_CFLAGS) $(LIBXML_CFLAGS) $(SYSTEMD_CFLAGS) \
	$(UUID_CFLAGS)
tenond_unit_libs = dom0-tools/tenond/libtenond.la libtenondfakes.la dom0-tools/tenond/libtenonconfig.la $(CMOCKA_LIBS)

# Hypervisor and store of the tests, compiled once for all of them.
check_LTLIBRARIES += libtenondfakes.la
libtenondfakes_la_SOURCES = tests/unit/tenond_fakes.c tests/unit/tenond_fakes.h tests/unit/tenond_fake_store.c \
	tests/unit/tenond_fake_fault.h
libtenondfakes_la_CPPFLAGS = $(tenond_unit_cppflags)
libtenondfakes_la_CFLAGS = $(tenond_unit_cflags)

tests_unit_tenond_config_unit_SOURCES = tests/unit/tenond_config_unit.c
tests_unit_tenond_config_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_config_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_config_unit_LDADD = dom0-tools/tenond/libtenonconfig.la $(CMOCKA_LIBS)

tests_unit_tenond_xml_unit_SOURCES = tests/unit/tenond_xml_unit.c
tests_unit_tenond_xml_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_xml_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_xml_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=xmlRelaxNGParse
tests_unit_tenond_xml_unit_LDADD = dom0-tools/tenond/libtenonconfig.la $(CMOCKA_LIBS)

tests_unit_tenond_record_unit_SOURCES = tests/unit/tenond_record_unit.c
tests_unit_tenond_record_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_record_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_record_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write
tests_unit_tenond_record_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_create_unit_SOURCES = tests/unit/tenond_create_unit.c
tests_unit_tenond_create_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_create_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_create_unit_LDADD = $(tenond_unit_libs)

tenond_unit_requests = tests/unit/tenond_requests.c tests/unit/tenond_requests.h

tests_unit_tenond_api_unit_SOURCES = tests/unit/tenond_api_unit.c $(tenond_unit_requests)
tests_unit_tenond_api_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_api_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_api_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_api_state_unit_SOURCES = tests/unit/tenond_api_state_unit.c $(tenond_unit_requests)
tests_unit_tenond_api_state_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_api_state_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_api_state_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=sleep
tests_unit_tenond_api_state_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_definition_unit_SOURCES = tests/unit/tenond_definition_unit.c $(tenond_unit_requests)
tests_unit_tenond_definition_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_definition_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_definition_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=write -Wl,--wrap=rename
tests_unit_tenond_definition_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_resources_unit_SOURCES = tests/unit/tenond_resources_unit.c $(tenond_unit_requests)
tests_unit_tenond_resources_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_resources_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_resources_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_metrics_unit_SOURCES = tests/unit/tenond_metrics_unit.c $(tenond_unit_requests)
tests_unit_tenond_metrics_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_metrics_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_metrics_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_antispoof_unit_SOURCES = tests/unit/tenond_antispoof_unit.c
tests_unit_tenond_antispoof_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_antispoof_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_antispoof_unit_LDADD = dom0-tools/tenond/libtenondevice.la \
	dom0-tools/tenond/libtenonconfig.la $(CMOCKA_LIBS)

tests_unit_tenond_device_unit_SOURCES = tests/unit/tenond_device_unit.c
tests_unit_tenond_device_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_device_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_device_unit_LDADD = dom0-tools/tenond/libtenondevice.la \
	dom0-tools/tenond/libtenonconfig.la $(CMOCKA_LIBS)

tests_unit_tenond_symspy_unit_SOURCES = tests/unit/tenond_symspy_unit.c
tests_unit_tenond_symspy_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_symspy_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_symspy_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_symcall_unit_SOURCES = tests/unit/tenond_symcall_unit.c
tests_unit_tenond_symcall_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_symcall_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_symcall_unit_LDADD = $(tenond_unit_libs)

tests_unit_tenond_http_unit_SOURCES = tests/unit/tenond_http_unit.c
tests_unit_tenond_http_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenond_http_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenond_http_unit_LDADD = dom0-tools/cli/libtenoncli.la $(tenond_unit_libs)

tenon_cli_world = tests/unit/tenon_cli_world.c tests/unit/tenon_cli_world.h
tests_unit_tenon_cli_unit_SOURCES = tests/unit/tenon_cli_unit.c $(tenon_cli_world)
tests_unit_tenon_cli_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenon_cli_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenon_cli_unit_LDADD = dom0-tools/cli/libtenoncli.la $(CMOCKA_LIBS) -lpthread

tests_unit_tenon_cli_definition_unit_SOURCES = tests/unit/tenon_cli_definition_unit.c $(tenon_cli_world)
tests_unit_tenon_cli_definition_unit_CPPFLAGS = $(tenond_unit_cppflags)
tests_unit_tenon_cli_definition_unit_CFLAGS = $(tenond_unit_cflags)
tests_unit_tenon_cli_definition_unit_LDADD = dom0-tools/cli/libtenoncli.la $(CMOCKA_LIBS) -lpthread
