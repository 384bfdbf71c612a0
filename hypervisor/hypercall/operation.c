/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Moving the structures of operations in and out. */
#include "hypercall/operation.h"

#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"

long operation_run(const struct operation *rows, size_t count, uint64_t cmd, uint64_t arg)
{
	const struct operation *row;
	char op[OPERATION_SIZE_MAX] __aligned(8);
	long rc;

	if (cmd >= count)
		return -ENOSYS;
	row = &rows[index_below(cmd, count)];
	if (!row->run)
		return -ENOSYS;
	if (row->flags & OP_PRIVILEGED && !current->domain->privileged)
		return -EPERM;
	ASSERT(row->size <= sizeof(op));
	if (row->size && copy_from_guest(op, arg, row->size))
		return -EFAULT;
	rc = row->run(row->size ? op : NULL);
	if (rc >= 0 && row->flags & OP_ANSWERS && copy_to_guest(arg, op, row->size))
		rc = -EFAULT;
	return rc;
}
