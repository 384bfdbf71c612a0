// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moving a guest to another host.
 */
#include "output.h"
#include "watch.h"

#include <stdio.h>
#include <string.h>

#define MIGRATE_TIMEOUT	86400	/* seconds: tenond bounds each of its waits itself */

static bool copies_disks(json_t *migration)
{
	const char *stage = json_string_value(json_object_get(migration, "stage"));

	return stage && !strcmp(stage, "disks");
}

/* Tenths of its disks, then rounds. */
static json_int_t count_steps(json_t *migration)
{
	json_int_t total = get_number(migration, "disk_total");

	if (copies_disks(migration))
		return total ? get_number(migration, "disk_done") * 10 / total : 0;
	return total ? 10 + get_number(migration, "rounds") : get_number(migration, "rounds");
}

static void print_disks(json_t *migration)
{
	char done[PRETTY_MAX], total[PRETTY_MAX];

	fprintf(stderr, "disks: %s of %s\n", pretty_bytes(get_number(migration, "disk_done"), done),
		pretty_bytes(get_number(migration, "disk_total"), total));
}

static void print_round(json_t *migration)
{
	char sent[PRETTY_MAX], dirty[PRETTY_MAX], rate[PRETTY_MAX], dirty_rate[PRETTY_MAX], slowed[48] = "";

	if (copies_disks(migration) || !get_number(migration, "rounds")) {
		print_disks(migration);
		return;
	}
	if (get_number(migration, "processor_percent") < 100)
		snprintf(slowed, sizeof(slowed), ", slowed down to %d %%",
			 (int)get_number(migration, "processor_percent"));
	fprintf(stderr, "round %d: %s sent, %s changed meanwhile (%s/s, %s/s are sent), "
		"would stand still for %lld ms%s\n",
		(int)get_number(migration, "rounds"), pretty_bytes(get_number(migration, "bytes"), sent),
		pretty_bytes(get_number(migration, "dirty"), dirty),
		pretty_bytes(get_number(migration, "dirty_rate"), dirty_rate),
		pretty_bytes(get_number(migration, "rate"), rate),
		(long long)get_number(migration, "expected_downtime_ms"), slowed);
}

static const struct progress rounds = { .member = "migration", .print = print_round, .steps = count_steps };

static void print_arrival(struct cli *cli, json_t *answer)
{
	json_t *migration = json_object_get(answer, "migration");
	char sent[PRETTY_MAX];

	if (cli->json)
		print_json(answer);
	else if (cli_option(cli, "check"))
		printf("%s: can move to %s\n", cli->arguments[0], cli->arguments[1]);
	else
		printf("%s: runs on %s after %lld rounds, %s and %lld ms, and stood still for %lld ms\n",
		       cli->arguments[0], cli->arguments[1], (long long)get_number(migration, "rounds"),
		       pretty_bytes(get_number(migration, "bytes"), sent),
		       (long long)get_number(migration, "elapsed_ms"),
		       (long long)get_number(migration, "downtime_ms"));
}

/* What brings a guest back that is on its way, or handed over. */
static int bring_back(struct cli *cli, const char *method, const char *verb, const char *done)
{
	char path[PATH_MAX_API];

	domain_path(cli->arguments[0], verb, path);
	return ask_and_say(cli, method, path, 2 * CLIENT_TIMEOUT, cli->arguments[0], done);
}

int command_migrate(struct cli *cli)
{
	char path[PATH_MAX_API], query[512] = "/migrate?host=";
	bool cancels = cli_option(cli, "cancel"), reclaims = cli_option(cli, "reclaim");
	struct response response;
	bool watched;
	int status;

	if (cli->argument_count != (cancels || reclaims ? 1 : 2)) {
		bool many = cancels || reclaims;

		complain(many ? cli->arguments[1] : "HOST", many ? "is one argument too many" : "is missing",
			 "tenon migrate --help shows how it is used");
		return EXIT_USAGE;
	}
	if (cancels)
		return bring_back(cli, "DELETE", "/migrate", "cancelled, runs on here");
	if (reclaims)
		return bring_back(cli, "POST", cli_option(cli, "force") ? "/reclaim?force=1" : "/reclaim",
				  "reclaimed, runs on here");
	client_encode(query, sizeof(query) / 2, cli->arguments[1]);
	add_option(cli, "plain", "&plain=", query, sizeof(query));
	add_option(cli, "check", "&check=", query, sizeof(query));
	add_option(cli, "auto-converge", "&auto_converge=", query, sizeof(query));
	add_option(cli, "copy-storage", "&copy_storage=", query, sizeof(query));
	add_option(cli, "max-downtime", "&max_downtime=", query, sizeof(query));
	add_option(cli, "bandwidth", "&bandwidth=", query, sizeof(query));
	add_option(cli, "compress", "&compress=", query, sizeof(query));
	domain_path(cli->arguments[0], query, path);
	watched = !cli_option(cli, "quiet") && !cli_option(cli, "check");
	status = ask_and_watch(cli, path, MIGRATE_TIMEOUT, watched ? &rounds : NULL, &response);
	if (status)
		return status;
	print_arrival(cli, response.json);
	response_clear(&response);
	return EXIT_OK;
}
