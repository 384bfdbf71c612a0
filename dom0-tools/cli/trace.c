// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command trace: what a domain enters the hypervisor for, counted for some seconds.
 */
#include "output.h"

#include <stdlib.h>
#include <string.h>

#define SECONDS	1	/* usually */
#define MARGIN	30	/* for tenond to answer after that time */

static const struct {
	const char *member;
	const char *name;
} rest[] = {
	{ "page_table_updates", "entries of page tables, changed by hypercall" },
	{ "page_table_writes", "entries of page tables, written by trapped stores" },
	{ "page_faults", "page faults, the hypervisor's own among them" },
	{ "privileged", "privileged instructions emulated" },
	{ "events", "events delivered" },
	{ "switches", "times a vcpu was switched in" },
	{ "tlb_flushes", "TLB flushes" },
};

static int by_count(const void *left, const void *right)
{
	json_int_t a = get_number(*(json_t *const *)left, "count"), b = get_number(*(json_t *const *)right, "count");

	return a < b ? 1 : a > b ? -1 : 0;
}

static void print_line(json_int_t count, double seconds, const char *name)
{
	printf("%12lld %12.1f  %s\n", (long long)count, seconds > 0 ? (double)count / seconds : 0, name);
}

/* The most frequent first; number: what stands for those without a name. */
static void print_list(json_t *list, double seconds, const char *title, const char *number)
{
	size_t count = json_array_size(list);
	json_t **sorted = calloc(count ? count : 1, sizeof(json_t *));
	char text[64];

	printf("%12s %12s  %s\n", "COUNT", "A SECOND", title);
	for (size_t i = 0; sorted && i < count; i++)
		sorted[i] = json_array_get(list, i);
	if (sorted)
		qsort(sorted, count, sizeof(json_t *), by_count);
	for (size_t i = 0; sorted && i < count; i++) {
		const char *name = get_text(sorted[i], "name");

		snprintf(text, sizeof(text), "%s %lld", number, (long long)get_number(sorted[i], number));
		print_line(get_number(sorted[i], "count"), seconds, *name ? name : text);
	}
	free(sorted);
}

static void print_trace(json_t *trace)
{
	double seconds = json_number_value(json_object_get(trace, "seconds"));
	json_t *counters = json_object_get(trace, "counters");

	print_list(json_object_get(trace, "hypercalls"), seconds, "HYPERCALL", "number");
	printf("\n");
	print_list(json_object_get(trace, "entries"), seconds, "ENTRY OF ITS KERNEL", "vector");
	printf("\n%12s %12s  %s\n", "COUNT", "A SECOND", "OTHER");
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		print_line(get_number(counters, rest[i].member), seconds, rest[i].name);
}

int command_trace(struct cli *cli)
{
	char path[PATH_MAX_API], query[64];
	struct response response;
	unsigned int seconds;
	int status;

	if (!get_count(cli, "seconds", SECONDS, &seconds))
		return EXIT_USAGE;
	snprintf(query, sizeof(query), "/trace?seconds=%u", seconds);
	domain_path(cli->arguments[0], query, path);
	status = ask(cli, "GET", path, NULL, 0, seconds + MARGIN, &response);
	if (status)
		return status;
	if (cli->json)
		print_json(response.json);
	else
		print_trace(response.json);
	response_clear(&response);
	return EXIT_OK;
}
