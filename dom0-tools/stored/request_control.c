/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CONTROL: questions to the daemon itself, as a command and its arguments.
 * The answer is text for people.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <log.h>

#include "journal.h"
#include "record.h"
#include "request.h"

#define MAX_ARGUMENTS 4

struct command {
	const char *name;
	int (*run)(struct request *request, const char **arguments, int count);
	const char *help;
};

static int run_help(struct request *request, const char **arguments, int count);

static int run_print(struct request *request, const char **arguments, int count)
{
	if (count != 1)
		return -EINVAL;
	log_info("control: %s", arguments[0]);
	return request_answer_text(request, "OK");
}

static int show_quota(struct request *request)
{
	char text[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < quota_name_count; i++)
		len += snprintf(text + len, sizeof(text) - len, "%-17s %8u\n", quota_names[i].name,
				*quota_find(&request->store->quota, quota_names[i].name));
	return request_answer_text(request, text);
}

static int run_quota(struct request *request, const char **arguments, int count)
{
	uint32_t *limit;
	unsigned long value;
	char *end;

	if (count == 0)
		return show_quota(request);
	if (count != 2)
		return -EINVAL;
	limit = quota_find(&request->store->quota, arguments[0]);
	value = strtoul(arguments[1], &end, 10);
	if (!limit || !*arguments[1] || *end || value > UINT32_MAX)
		return -EINVAL;
	*limit = value;
	record_quota(request->store->journal, arguments[0], value);
	return request_answer_text(request, "OK");
}

static int run_report(struct request *request, const char **arguments, int count)
{
	const struct store *store = request->store;
	unsigned int connections = 0, domains = 0, watches = 0, transactions = 0;
	int64_t nodes = 0;
	size_t queued = 0;
	struct list *at;
	char text[512];

	(void)arguments;
	if (count)
		return -EINVAL;
	list_for_each(at, &store->connections) {
		struct connection *connection = list_entry(at, struct connection, link);

		connections++;
		domains += connection->durable;
		watches += connection->watch_count;
		transactions += connection->transaction_count;
		queued += connection->out.len;
	}
	for (uint32_t i = 0; i < store->tree.account.count; i++)
		nodes += store->tree.account.rows[i].nodes;
	snprintf(text, sizeof(text),
		 "nodes %" PRId64 "\nconnections %u\ndomains %u\nwatches %u\n"
		 "transactions %u\nbytes-queued %zu\nbytes-journal %zu\n",
		 nodes, connections, domains, watches, transactions, queued,
		 store->journal ? store->journal->end : 0);
	return request_answer_text(request, text);
}

static int run_compact(struct request *request, const char **arguments, int count)
{
	(void)arguments;
	if (count)
		return -EINVAL;
	/* Done by the commit that follows: now the state is between two records. */
	if (request->store->journal)
		request->store->journal->compact_at = 0;
	return request_answer_text(request, "OK");
}

static const struct command commands[] = {
	{ "compact", run_compact, "write the journal anew" },
	{ "help", run_help, "this list" },
	{ "print", run_print, "TEXT: put a line into the daemon's log" },
	{ "quota", run_quota, "[NAME VALUE]: show the limits of guests, or change one" },
	{ "report", run_report, "counts of what the daemon holds" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int run_help(struct request *request, const char **arguments, int count)
{
	char text[512] = "";
	size_t len = 0;

	(void)arguments;
	(void)count;
	for (size_t i = 0; i < COMMANDS; i++)
		len += snprintf(text + len, sizeof(text) - len, "%-8s %s\n", commands[i].name,
				commands[i].help);
	return request_answer_text(request, text);
}

int request_control(struct request *request)
{
	const char *texts[MAX_ARGUMENTS + 1];
	int count = request_strings(request, texts, 1, MAX_ARGUMENTS + 1);

	if (count < 0)
		return -EINVAL;
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, texts[0]))
			return commands[i].run(request, texts + 1, count - 1);
	return -EINVAL;
}
