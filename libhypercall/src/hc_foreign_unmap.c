/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ends a mapping of another domain's frames. */
#include <sys/mman.h>

#include "internal.h"

int hc_foreign_unmap(void *address, size_t count)
{
	if (munmap(address, count * HC_PAGE_SIZE) < 0)
		return -errno;
	return 0;
}
