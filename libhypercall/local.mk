# SPDX-License-Identifier: LGPL-2.1-or-later
# Makefile fragment of libhypercall: the library, its headers, manual pages and pkg-config file.

lib_LTLIBRARIES += libhypercall/libhypercall.la

libhypercall_libhypercall_la_SOURCES = \
	libhypercall/src/internal.h \
	libhypercall/src/control.c \
	libhypercall/src/control_copy.c \
	libhypercall/src/dirty_log.c \
	libhypercall/src/hc_buffer_alloc.c \
	libhypercall/src/hc_buffer_free.c \
	libhypercall/src/hc_call.c \
	libhypercall/src/hc_call_data.c \
	libhypercall/src/hc_close.c \
	libhypercall/src/hc_dirty_log_disable.c \
	libhypercall/src/hc_dirty_log_enable.c \
	libhypercall/src/hc_dirty_log_read.c \
	libhypercall/src/hc_dirty_log_statistics.c \
	libhypercall/src/hc_domain_alloc_port.c \
	libhypercall/src/hc_domain_clear.c \
	libhypercall/src/hc_domain_copy_from.c \
	libhypercall/src/hc_domain_copy_to.c \
	libhypercall/src/hc_domain_counters.c \
	libhypercall/src/hc_domain_create.c \
	libhypercall/src/hc_domain_destroy.c \
	libhypercall/src/hc_domain_frame_info.c \
	libhypercall/src/hc_domain_frames.c \
	libhypercall/src/hc_domain_get_sched.c \
	libhypercall/src/hc_domain_grant_seed.c \
	libhypercall/src/hc_domain_hypercall_page.c \
	libhypercall/src/hc_domain_info.c \
	libhypercall/src/hc_domain_next.c \
	libhypercall/src/hc_domain_pause.c \
	libhypercall/src/hc_domain_pin_l4.c \
	libhypercall/src/hc_domain_populate.c \
	libhypercall/src/hc_domain_rename.c \
	libhypercall/src/hc_domain_resume.c \
	libhypercall/src/hc_domain_set_memory.c \
	libhypercall/src/hc_domain_set_ram.c \
	libhypercall/src/hc_domain_set_sched.c \
	libhypercall/src/hc_domain_shutdown.c \
	libhypercall/src/hc_domain_symcall.c \
	libhypercall/src/hc_domain_symspy.c \
	libhypercall/src/hc_domain_trace.c \
	libhypercall/src/hc_domain_trace_read.c \
	libhypercall/src/hc_domain_unpause.c \
	libhypercall/src/hc_domain_write.c \
	libhypercall/src/hc_event_bind_interdomain.c \
	libhypercall/src/hc_event_bind_unbound.c \
	libhypercall/src/hc_event_bind_virq.c \
	libhypercall/src/hc_event_notify.c \
	libhypercall/src/hc_event_open.c \
	libhypercall/src/hc_event_pending.c \
	libhypercall/src/hc_event_unbind.c \
	libhypercall/src/hc_event_unmask.c \
	libhypercall/src/hc_foreign_map.c \
	libhypercall/src/hc_foreign_unmap.c \
	libhypercall/src/hc_grant_map.c \
	libhypercall/src/hc_grant_notify.c \
	libhypercall/src/hc_grant_open.c \
	libhypercall/src/hc_grant_unmap.c \
	libhypercall/src/hc_open.c \
	libhypercall/src/hc_open_from.c \
	libhypercall/src/hc_share_alloc.c \
	libhypercall/src/hc_share_free.c \
	libhypercall/src/hc_share_notify.c \
	libhypercall/src/hc_share_open.c \
	libhypercall/src/hc_system_cpu_info.c \
	libhypercall/src/hc_system_debug_key.c \
	libhypercall/src/hc_system_info.c \
	libhypercall/src/hc_system_messages.c \
	libhypercall/src/hc_vcpu_get_context.c \
	libhypercall/src/hc_vcpu_get_state.c \
	libhypercall/src/hc_vcpu_info.c \
	libhypercall/src/hc_vcpu_set_affinity.c \
	libhypercall/src/hc_vcpu_set_context.c \
	libhypercall/src/hc_vcpu_set_state.c \
	libhypercall/src/hc_version.c \
	libhypercall/src/unmap_notify.c
# Version: interfaces.revision.age-of-interfaces, as libtool counts.
libhypercall_libhypercall_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -no-undefined \
	-Wl,--version-script=$(top_srcdir)/libhypercall/libhypercall.map
EXTRA_libhypercall_libhypercall_la_DEPENDENCIES = $(top_srcdir)/libhypercall/libhypercall.map

libhypercall_headers = \
	libhypercall/include/hypercall/base.h \
	libhypercall/include/hypercall/block.h \
	libhypercall/include/hypercall/callback.h \
	libhypercall/include/hypercall/console.h \
	libhypercall/include/hypercall/control.h \
	libhypercall/include/hypercall/elfnote.h \
	libhypercall/include/hypercall/event.h \
	libhypercall/include/hypercall/extension.h \
	libhypercall/include/hypercall/grant.h \
	libhypercall/include/hypercall/hypercall.h \
	libhypercall/include/hypercall/memory.h \
	libhypercall/include/hypercall/net.h \
	libhypercall/include/hypercall/physdev.h \
	libhypercall/include/hypercall/platform.h \
	libhypercall/include/hypercall/ring.h \
	libhypercall/include/hypercall/sched.h \
	libhypercall/include/hypercall/start.h \
	libhypercall/include/hypercall/store.h \
	libhypercall/include/hypercall/symcall.h \
	libhypercall/include/hypercall/symspy.h \
	libhypercall/include/hypercall/vcpu.h \
	libhypercall/include/hypercall/version.h
hypercalldir = $(includedir)/hypercall
hypercall_HEADERS = $(libhypercall_headers)
HEADER_CHECK += $(libhypercall_headers)

# Written when make knows the directories, so that prefix= on its command line counts.
libhypercall.pc: libhypercall/libhypercall.pc.in Makefile
	$(AM_V_GEN)$(SED) \
		-e 's|@prefix[@]|$(prefix)|' -e 's|@exec_prefix[@]|$(exec_prefix)|' \
		-e 's|@libdir[@]|$(libdir)|' -e 's|@includedir[@]|$(includedir)|' \
		-e 's|@PACKAGE_VERSION[@]|$(PACKAGE_VERSION)|' \
		$(top_srcdir)/libhypercall/libhypercall.pc.in > $@
pkgconfig_DATA += libhypercall.pc
CLEANFILES += libhypercall.pc

dist_man_MANS += \
	libhypercall/man/hc_dirty_log.3 \
	libhypercall/man/hc_domain.3 \
	libhypercall/man/hc_event.3 \
	libhypercall/man/hc_foreign_map.3 \
	libhypercall/man/hc_grant.3 \
	libhypercall/man/hc_open.3 \
	libhypercall/man/hc_share.3 \
	libhypercall/man/hc_system.3 \
	libhypercall/man/hc_vcpu.3 \
	libhypercall/man/hypercall.3

EXTRA_DIST += libhypercall/libhypercall.map libhypercall/libhypercall.pc.in

# Run by hand or by the lab in a management domain; not installed.
noinst_PROGRAMS += libhypercall/check/live libhypercall/check/dirty
libhypercall_check_live_SOURCES = libhypercall/check/live.c
libhypercall_check_live_LDADD = libhypercall/libhypercall.la
libhypercall_check_dirty_SOURCES = libhypercall/check/dirty.c
libhypercall_check_dirty_LDADD = libhypercall/libhypercall.la
