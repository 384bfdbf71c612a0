// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What guests answer when their kernels are called, as JSON.  The page is a copy, and its contents are
 * the guest's claim.
 */
#include "symcall.h"

#include <hypercall/base.h>
#include <hypercall/symcall.h>
#include <string.h>

#define TASKS_MAX	(HC_PAGE_SIZE / sizeof(struct hc_symcall_task))
#define TASKS_ALL_MAX	65536		/* in all: a guest shall not fill dom0's memory */
#define PID_MAX		4194304		/* Linux has none that is not less */

static json_t *number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

json_t *symcall_vaddr_json(const void *page)
{
	struct hc_symcall_vaddr v;
	char permissions[5];

	memcpy(&v, page, sizeof(v));
	permissions[0] = v.flags & HC_SYMCALL_READ ? 'r' : '-';
	permissions[1] = v.flags & HC_SYMCALL_WRITE ? 'w' : '-';
	permissions[2] = v.flags & HC_SYMCALL_EXEC ? 'x' : '-';
	permissions[3] = v.flags & HC_SYMCALL_SHARED ? 's' : 'p';
	permissions[4] = '\0';
	if (!(v.flags & HC_SYMCALL_MAPPED))
		return json_pack("{s:b}", "mapped", 0);
	return json_pack("{s:b, s:o, s:o, s:s, s:b, s:b, s:b, s:b, s:b}", "mapped", 1, "start", number(v.start),
			 "end", number(v.end), "permissions", permissions,
			 "present", !!(v.flags & HC_SYMCALL_PRESENT), "writable", !!(v.flags & HC_SYMCALL_WRITABLE),
			 "dirty", !!(v.flags & HC_SYMCALL_DIRTY), "swapped", !!(v.flags & HC_SYMCALL_SWAPPED),
			 "swap_cache", !!(v.flags & HC_SYMCALL_SWAP_CACHE));
}

/* Tasks give themselves any name: what is not printable ASCII becomes a question mark. */
static void clean(char *text, const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size && bytes[i]; i++)
		text[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
	text[i] = '\0';
}

bool symcall_tasks_json(const void *page, int64_t count, json_t *tasks, uint64_t *next)
{
	struct hc_symcall_task task;
	char comm[sizeof(task.comm) + 1], state[2], letter;

	if (count < 0 || count > (int64_t)TASKS_MAX || json_array_size(tasks) + (size_t)count > TASKS_ALL_MAX)
		return false;
	for (int64_t i = 0; i < count; i++) {
		memcpy(&task, (const char *)page + (size_t)i * sizeof(task), sizeof(task));
		if (task.pid < *next || task.pid >= PID_MAX)
			return false;
		*next = (uint64_t)task.pid + 1;
		letter = (char)task.state;
		clean(comm, task.comm, sizeof(task.comm));
		clean(state, &letter, 1);
		json_array_append_new(tasks, json_pack("{s:o, s:o, s:o, s:s, s:s}", "pid", number(task.pid), "tgid",
						       number(task.tgid), "parent", number(task.parent), "state",
						       state, "comm", comm));
	}
	return true;
}
