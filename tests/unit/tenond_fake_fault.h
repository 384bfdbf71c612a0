/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of tenond's fakes. */
#ifndef TESTS_TENOND_FAKE_FAULT_H
#define TESTS_TENOND_FAKE_FAULT_H

#include <stdbool.h>

/* Whether this call, one that can fail, is the one that shall. */
bool fault(void);

void fake_store_reset(void);

#endif
