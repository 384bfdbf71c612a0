/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the first instruction in C to the verdict. */
#include "guest.h"

#include "page.h"
#include "trap.h"

enum verdict { SUCCESS, SKIP, ERROR, FAILURE };

static const char *const verdict_names[] = { "success", "skip", "error", "failure" };

struct hc_start_info *start_info;
struct hc_shared_info *shared_info;
static enum verdict verdict;

static void say(enum verdict v, const char *fmt, va_list args)
{
	print("%s: ", verdict_names[v]);
	print_va(fmt, args);
	if (v > verdict)
		verdict = v;
}

#define SAY(level) \
	do { \
		va_list args; \
		va_start(args, fmt); \
		say(level, fmt, args); \
		va_end(args); \
	} while (0)

void skip(const char *fmt, ...)
{
	SAY(SKIP);
}

void error(const char *fmt, ...)
{
	SAY(ERROR);
}

void failure(const char *fmt, ...)
{
	SAY(FAILURE);
}

void finish(void)
{
	struct hc_sched_shutdown end = { .reason = HC_SHUTDOWN_POWEROFF };

	print("Test result: %s\n", verdict_names[verdict]);
	for (;;)
		hc_sched_op(HC_SCHEDOP_SHUTDOWN, &end);
}

void guest_start(void)
{
	trap_init();
	shared_info = map_mfn(start_info->shared_info >> PAGE_SHIFT);
	if (!shared_info) {
		error("shared_info cannot be mapped\n");
		finish();
	}
	test_main();
	finish();
}
