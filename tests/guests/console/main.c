/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console_io.  Proof: text of any length and content is taken, reading without
 * input gives nothing and with input what was typed, in pieces as small as asked;
 * bad buffers and commands are refused and nothing of the hypervisor's memory is
 * printed.
 */
#include "event.h"
#include "guest.h"
#include "page.h"

#define TYPED "ten letters"

#define PATIENCE 20000000000UL	/* ns */

/* Who runs the test types it; it comes a character at a time. */
static void input_arrives(void)
{
	uint64_t end = system_time() + PATIENCE;
	char got[sizeof(TYPED)] = "";
	unsigned int have = 0;

	print("Test input: " TYPED "\n");
	while (have < sizeof(TYPED) && system_time() < end) {
		long n = hc_console_io(HC_CONSOLEIO_READ, sizeof(TYPED) - have < 3 ? sizeof(TYPED) - have : 3,
				       got + have);

		if (!expect(n >= 0 && n <= 3, "%ld characters read\n", n))
			return;
		have += (unsigned int)n;
		hc_sched_op(HC_SCHEDOP_YIELD, NULL);
	}
	expect(!memcmp(got, TYPED "\n", sizeof(TYPED)) || !memcmp(got, TYPED "\r", sizeof(TYPED)),
	       "of what was typed, %u characters came\n", have);
	expect_equal("characters afterwards", hc_console_io(HC_CONSOLEIO_READ, 3, got), 0);
}

static void input_to_nowhere(void)
{
	uint64_t end = system_time() + PATIENCE;
	long r;

	print("Test input: more\n");
	do
		r = hc_console_io(HC_CONSOLEIO_READ, 4, (void *)HC_HYPERVISOR_VIRT_START);
	while (!r && system_time() < end);
	expect_error(r, EFAULT);
}

void test_main(void)
{
	static char text[5000];
	char input[16];

	if (!(start_info->flags & HC_SIF_INITDOMAIN)) {
		expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 1, "x"));
		return;
	}
	section("long and odd text\n");
	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = i % 80 == 79 ? '\n' : '.';
	expect(hc_console_io(HC_CONSOLEIO_WRITE, sizeof(text), text) >= 0, "long text refused\n");
	for (unsigned int i = 0; i < 256; i++)
		text[i] = i;
	expect(hc_console_io(HC_CONSOLEIO_WRITE, 256, text) >= 0, "odd text refused\n");
	expect(hc_console_io(HC_CONSOLEIO_WRITE, 0, text) >= 0, "empty text refused\n");
	print("\n");
	section("no input\n");
	expect_equal("characters", hc_console_io(HC_CONSOLEIO_READ, sizeof(input), input), 0);
	section("input\n");
	input_arrives();
	input_to_nowhere();
	section("refusals\n");
	expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 16, (void *)8));
	expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 16, (void *)0xffff830000000000));
	expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 16, (void *)0x8000000000000000));
	expect_refused(hc_console_io(99, 1, text));
}
