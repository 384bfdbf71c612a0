/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's command line: words "name", "name=value" or "no-name",
 * listed in docs/configuration.md.  Unknown ones are named in the log.
 */
#ifndef BOOT_OPTIONS_H
#define BOOT_OPTIONS_H

#include "lib/base.h"
#include "lib/log.h"

extern char option_command_line[256];	/* as given, cut to fit */
extern enum log_level option_log_level;	/* loglvl=error|warning|info|debug: shown on the serial port */
extern uint16_t option_com_port;	/* console=com1|com2|none */
extern uint32_t option_com_baud;	/* com1=BAUD, com2=BAUD */
extern uint64_t option_dom0_memory;	/* dom0_mem=SIZE[K|M|G], bytes; 0: what is left */
extern uint32_t option_dom0_vcpus;	/* dom0_max_vcpus=N; 0: as many as processors */
extern uint32_t option_max_cpus;	/* maxcpus=N */
extern bool option_guest_console;	/* guest_console: unprivileged guests may write to the console */
extern bool option_smap, option_smep;	/* no-smap, no-smep */
/* mitigations=auto|on|off: against processors' leaks; auto: what this one needs */
enum mitigations { MITIGATIONS_AUTO, MITIGATIONS_ON, MITIGATIONS_OFF };
extern enum mitigations option_mitigations;
extern bool option_reboot;		/* no-reboot: halt after a panic or dom0's end */

void options_parse(const char *line);

#endif
