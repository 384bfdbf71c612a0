/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "migrate_patience.h"

#include "dom0-tools/tenond/peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct patience_count patience_count;

struct patience *__real_patience_begin(int fd, const struct patience_limits *limits);
struct patience *__wrap_patience_begin(int fd, const struct patience_limits *limits);
void __real_patience_end(struct patience *patience);
void __wrap_patience_end(struct patience *patience);

struct patience *__wrap_patience_begin(int fd, const struct patience_limits *limits)
{
	struct patience *patience = __real_patience_begin(fd, limits);

	assert_ptr_equal(limits, &peer_limits);
	patience_count.fd = fd;
	patience_count.begun += patience != NULL;
	return patience;
}

void __wrap_patience_end(struct patience *patience)
{
	patience_count.ended += patience != NULL;
	__real_patience_end(patience);
}
