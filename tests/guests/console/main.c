/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * console_io.  Proof: text of any length and content is taken, reading without
 * input gives nothing, bad buffers and commands are refused and nothing of the
 * hypervisor's memory is printed.
 */
#include "guest.h"
#include "page.h"

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
	section("refusals\n");
	expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 16, (void *)8));
	expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 16, (void *)0xffff830000000000));
	expect_refused(hc_console_io(HC_CONSOLEIO_WRITE, 16, (void *)0x8000000000000000));
	expect_refused(hc_console_io(99, 1, text));
}
