# SPDX-License-Identifier: GPL-2.0-or-later
# Makefile fragment of dom0-tools/systemd: a unit for each daemon and one for the guests, installed where configure was told or systemd is.

systemd_units = dom0-tools/systemd/tenon-stored.service dom0-tools/systemd/tenon-consoled.service \
	dom0-tools/systemd/tenond.service dom0-tools/systemd/tenon-guests.service
EXTRA_DIST += $(systemd_units:=.in)
CLEANFILES += $(systemd_units)

if SYSTEMD_UNITS
systemdsystemunit_DATA = $(systemd_units)
endif

$(systemd_units): %: $(top_srcdir)/%.in Makefile
	$(AM_V_GEN)$(MKDIR_P) $(@D)
	$(AM_V_at)$(SED) -e 's|@sbindir[@]|$(sbindir)|' -e 's|@bindir[@]|$(bindir)|' $< >$@.new
	$(AM_V_at)mv $@.new $@
