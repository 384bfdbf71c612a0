# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/tenond: the daemon that owns the domains' lifecycle.
#
#   libtenonconfig.la   descriptions of domains: XML to a checked configuration, nothing else
#   libtenondevice.la   what a domain holds in dom0: loop and NBD devices, interfaces, anti-spoofing rules
#   libtenond.la        everything else but main

noinst_LTLIBRARIES += dom0-tools/tenond/libtenonconfig.la dom0-tools/tenond/libtenondevice.la dom0-tools/tenond/libtenond.la
sbin_PROGRAMS += tenond
dist_man_MANS += dom0-tools/tenond/tenond.8
pkgdata_DATA += dom0-tools/schema/domain.rng
EXTRA_DIST += dom0-tools/schema/domain.rng

dom0_tools_tenond_libtenonconfig_la_SOURCES = \
	dom0-tools/tenond/config.c dom0-tools/tenond/config.h \
	dom0-tools/tenond/error.c dom0-tools/tenond/error.h \
	dom0-tools/tenond/xml/device.c \
	dom0-tools/tenond/xml/domain.c dom0-tools/tenond/xml/domain.h \
	dom0-tools/tenond/xml/reader.c dom0-tools/tenond/xml/reader.h \
	dom0-tools/tenond/xml/schema.c dom0-tools/tenond/xml/schema.h \
	dom0-tools/tenond/xml/update.c
dom0_tools_tenond_libtenonconfig_la_CFLAGS = $(AM_CFLAGS) $(LIBXML_CFLAGS) $(UUID_CFLAGS)
nodist_dom0_tools_tenond_libtenonconfig_la_SOURCES = dom0-tools/tenond/xml/schema_data.c
dom0_tools_tenond_libtenonconfig_la_LIBADD = $(LIBXML_LIBS) $(UUID_LIBS)

# The schema as data of the program: nothing to install, nothing to mismatch.
CLEANFILES += dom0-tools/tenond/xml/schema_data.c
dom0-tools/tenond/xml/schema_data.c: $(top_srcdir)/dom0-tools/schema/domain.rng
	$(AM_V_GEN)$(MKDIR_P) $(@D)
	$(AM_V_at){ echo 'extern const char schema_domain[];'; echo 'const char schema_domain[] ='; \
		$(SED) -e 's/[\\"]/\\&/g' -e 's/.*/"&\\n"/' $(top_srcdir)/dom0-tools/schema/domain.rng; \
		echo ';'; } >$@.new
	$(AM_V_at)mv $@.new $@

dom0_tools_tenond_libtenondevice_la_SOURCES = \
	dom0-tools/tenond/host.h dom0-tools/tenond/log.h \
	dom0-tools/tenond/device/antispoof.c dom0-tools/tenond/device/antispoof.h \
	dom0-tools/tenond/device/backend.c dom0-tools/tenond/device/backend.h \
	dom0-tools/tenond/device/block.c dom0-tools/tenond/device/block.h \
	dom0-tools/tenond/device/loop.c dom0-tools/tenond/device/loop.h \
	dom0-tools/tenond/device/nbd.c dom0-tools/tenond/device/nbd.h \
	dom0-tools/tenond/device/nbd_client.c dom0-tools/tenond/device/nbd_client.h \
	dom0-tools/tenond/device/nbd_link.c dom0-tools/tenond/device/nbd_link.h \
	dom0-tools/tenond/device/net.c dom0-tools/tenond/device/net.h \
	dom0-tools/tenond/device/spawn.c dom0-tools/tenond/device/spawn.h
dom0_tools_tenond_libtenondevice_la_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(NFTABLES_CFLAGS) $(UUID_CFLAGS)
dom0_tools_tenond_libtenondevice_la_LIBADD = $(JANSSON_LIBS) $(NFTABLES_LIBS)

dom0_tools_tenond_libtenond_la_SOURCES = \
	dom0-tools/tenond/api.c dom0-tools/tenond/api.h \
	dom0-tools/tenond/api_checkpoint.c dom0-tools/tenond/api_definition.c dom0-tools/tenond/api_domain.c \
	dom0-tools/tenond/api_host.c \
	dom0-tools/tenond/api_migrate.c \
	dom0-tools/tenond/checkpoint.c dom0-tools/tenond/checkpoint.h dom0-tools/tenond/checkpoint_state.c \
	dom0-tools/tenond/copied.c dom0-tools/tenond/copied.h \
	dom0-tools/tenond/create.c dom0-tools/tenond/create.h \
	dom0-tools/tenond/definition.c dom0-tools/tenond/definition.h \
	dom0-tools/tenond/description.c dom0-tools/tenond/description.h \
	dom0-tools/tenond/doctor.c dom0-tools/tenond/doctor.h \
	dom0-tools/tenond/doctor_checks.c dom0-tools/tenond/doctor_checks.h \
	dom0-tools/tenond/domain.c dom0-tools/tenond/domain.h dom0-tools/tenond/domain_json.c \
	dom0-tools/tenond/file.c dom0-tools/tenond/file.h \
	dom0-tools/tenond/http.c dom0-tools/tenond/http.h \
	dom0-tools/tenond/job.c dom0-tools/tenond/job.h \
	dom0-tools/tenond/lifecycle.c dom0-tools/tenond/lifecycle.h \
	dom0-tools/tenond/metrics.c \
	dom0-tools/tenond/migration.c dom0-tools/tenond/migration.h \
	dom0-tools/tenond/migrate_check.c dom0-tools/tenond/migrate_check.h \
	dom0-tools/tenond/migrate.h dom0-tools/tenond/migrate_in.c dom0-tools/tenond/migrate_out.c \
	dom0-tools/tenond/nodes.c dom0-tools/tenond/nodes.h dom0-tools/tenond/nodes_live.c \
	dom0-tools/tenond/nodes_saved.c dom0-tools/tenond/nodes_saved.h \
	dom0-tools/tenond/operation.c dom0-tools/tenond/operation.h \
	dom0-tools/tenond/patience.c dom0-tools/tenond/patience.h \
	dom0-tools/tenond/peer.c dom0-tools/tenond/peer.h \
	dom0-tools/tenond/preflight.c dom0-tools/tenond/preflight.h \
	dom0-tools/tenond/processor.c dom0-tools/tenond/processor.h \
	dom0-tools/tenond/record.c dom0-tools/tenond/record.h \
	dom0-tools/tenond/request.c dom0-tools/tenond/request.h \
	dom0-tools/tenond/api_resources.c dom0-tools/tenond/resources.c dom0-tools/tenond/resources.h \
	dom0-tools/tenond/rings.c dom0-tools/tenond/rings.h \
	dom0-tools/tenond/save.c dom0-tools/tenond/save.h dom0-tools/tenond/saved.c \
	dom0-tools/tenond/scan.c \
	dom0-tools/tenond/series.h dom0-tools/tenond/series_in.c dom0-tools/tenond/series_out.c \
	dom0-tools/tenond/start.c dom0-tools/tenond/start.h \
	dom0-tools/tenond/symcall.c dom0-tools/tenond/symcall.h dom0-tools/tenond/symcall_json.c \
	dom0-tools/tenond/symspy.c dom0-tools/tenond/symspy.h \
	dom0-tools/tenond/taken.c dom0-tools/tenond/taken.h \
	dom0-tools/tenond/teardown.c dom0-tools/tenond/teardown.h \
	dom0-tools/tenond/tenond.h \
	dom0-tools/tenond/trace.c \
	dom0-tools/tenond/tls.c dom0-tools/tenond/tls.h \
	dom0-tools/tenond/waiter.c dom0-tools/tenond/waiter.h \
	dom0-tools/tenond/worker.c dom0-tools/tenond/worker.h
dom0_tools_tenond_libtenond_la_CPPFLAGS = $(AM_CPPFLAGS) -DPKGLIBEXECDIR='"$(pkglibexecdir)"'
dom0_tools_tenond_libtenond_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS) $(JANSSON_CFLAGS) $(LIBXML_CFLAGS) $(MICROHTTPD_CFLAGS) \
	$(SYSTEMD_CFLAGS) $(UUID_CFLAGS)
dom0_tools_tenond_libtenond_la_LIBADD = dom0-tools/migrate/libstream.la $(GNUTLS_LIBS) $(JANSSON_LIBS) $(MICROHTTPD_LIBS) $(SYSTEMD_LIBS) $(UUID_LIBS) -lpthread

tenond_SOURCES = dom0-tools/tenond/tenond.c
tenond_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS) $(LIBXML_CFLAGS) $(SYSTEMD_CFLAGS) $(UUID_CFLAGS)
tenond_LDADD = dom0-tools/tenond/libtenond.la dom0-tools/tenond/libtenondevice.la \
	dom0-tools/tenond/libtenonconfig.la \
	dom0-tools/migrate/libstream.la dom0-tools/build/libbuild.la dom0-tools/lib/libstoreclient.la libhypercall/libhypercall.la \
	$(LIBXML_LIBS) $(SYSTEMD_LIBS)

HEADER_CHECK += \
	dom0-tools/tenond/config.h dom0-tools/tenond/error.h dom0-tools/tenond/host.h
