/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this host fit to run guests?  One check a line, each with what to do
 * where it fails.
 */
#ifndef TENOND_DOCTOR_H
#define TENOND_DOCTOR_H

#include "host.h"

#include <jansson.h>

enum verdict { VERDICT_OK, VERDICT_WARN, VERDICT_FAIL };

struct finding {
	enum verdict verdict;
	char text[256];
	char next[256];		/* empty where nothing is to be done */
};

/*
 * All checks, as JSON: {"verdict": WORST, "checks": [{name, verdict, text,
 * next}...]}.  host->hv may be NULL: then the hypervisor is opened here.
 * Touches nothing; may take a second where daemons do not answer.
 */
json_t *doctor_examine(const struct host *host);

#endif
