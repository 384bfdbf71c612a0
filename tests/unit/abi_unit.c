/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ABI conformance: our headers beside Debian's libxen-dev. The comparison
 * itself happens when abi_*.c compile; at run time each header is read as text
 * and every constant and structure in it must have been compared.
 */
#include "abi_unit.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* Copies the identifier at text; returns whether there was one. */
static bool identifier(const char *text, char *name, size_t size)
{
	size_t n = 0;

	while (n + 1 < size && (isalnum((unsigned char)text[n]) || text[n] == '_')) {
		name[n] = text[n];
		n++;
	}
	name[n] = '\0';
	return n > 0;
}

/*
 * The name a line of a header defines: an object-like macro of ours with a
 * value, or a structure. Macros with parameters, include guards and structures
 * named by pasting are not ABI.
 */
static bool defined_name(const char *line, char *name, size_t size)
{
	const char *rest;

	if (!strncmp(line, "#define HC_", 11)) {
		identifier(line + 8, name, size);
		rest = line + 8 + strlen(name);
		return *rest == ' ' || *rest == '\t';
	}
	if (strncmp(line, "struct hc_", 10) || !strchr(line, '{'))
		return false;
	identifier(line + 7, name, size);
	return line[7 + strlen(name)] == ' ';
}

static bool has_row(const char *name, const char *const *rows, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(rows[i], name))
			return true;
	return false;
}

void abi_covers(const char *header, const char *const *rows, size_t count)
{
	char path[4096], line[512], name[128];
	unsigned int missing = 0, seen = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", ABI_HEADERS, header);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (!defined_name(line, name, sizeof(name)))
			continue;
		seen++;
		if (has_row(name, rows, count))
			continue;
		print_error("%s: %s is not compared with Xen's headers\n", header, name);
		missing++;
	}
	fclose(file);
	assert_true(seen > 0);
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(abi_base),
		cmocka_unit_test(abi_start),
		cmocka_unit_test(abi_vcpu),
		cmocka_unit_test(abi_memory),
		cmocka_unit_test(abi_event),
		cmocka_unit_test(abi_grant),
		cmocka_unit_test(abi_physdev),
		cmocka_unit_test(abi_platform),
		cmocka_unit_test(abi_ring),
	};

	return cmocka_run_group_tests_name("abi", tests, NULL, NULL);
}
