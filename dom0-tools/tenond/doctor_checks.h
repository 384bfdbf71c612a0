/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The single checks of the doctor, for its table. */
#ifndef TENOND_DOCTOR_CHECKS_H
#define TENOND_DOCTOR_CHECKS_H

#include "doctor.h"

typedef void doctor_check(const struct host *host, struct finding *finding);

/* Note a verdict with its text; next may be NULL. */
void finding_set(struct finding *finding, enum verdict verdict, const char *next, const char *text,
		 ...) __attribute__((format(printf, 4, 5)));

doctor_check check_hypervisor, check_devices, check_memory_free, check_dom0_memory, check_store,
	check_console, check_tenond, check_block_backend, check_net_backend, check_loop, check_nbd,
	check_bridge, check_nft, check_log_space, check_definitions;

#endif
