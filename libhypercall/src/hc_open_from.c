/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a handle from descriptors that somebody else opened. */
#include <stdlib.h>

#include "internal.h"

int hc_open_from(int privcmd, int buffers, struct hc_handle **handle)
{
	struct hc_handle *h;

	if (privcmd < 0)
		return -EBADF;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->privcmd = privcmd;
	h->buffers = buffers;
	*handle = h;
	return 0;
}
