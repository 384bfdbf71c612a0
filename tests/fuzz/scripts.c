/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t script[SCRIPT_ROOM];
static unsigned int script_count;
static size_t (*make_random)(unsigned int seed, uint8_t *script);

static void random_scripts(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= script_count; seed++)
		LLVMFuzzerTestOneInput(script, make_random(seed, script));
}

static int run_file(const char *name)
{
	FILE *file = fopen(name, "rb");
	size_t size;

	if (!file) {
		perror(name);
		return 1;
	}
	size = fread(script, 1, sizeof(script), file);
	fclose(file);
	return LLVMFuzzerTestOneInput(script, size);
}

int run_scripts(int argc, char **argv, unsigned int count,
		size_t (*random)(unsigned int seed, uint8_t *script))
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_scripts),
	};
	int rc = 0;

	script_count = count;
	make_random = random;
	if (argc > 2 && !strcmp(argv[1], "-n")) {
		script_count = (unsigned int)strtoul(argv[2], NULL, 0);
	} else if (argc > 1) {
		for (int i = 1; i < argc; i++)
			rc |= run_file(argv[i]);
		return rc;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
