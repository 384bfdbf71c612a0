// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The command top: what domains use, as the hypervisor counts it, and what those that publish it
 * (tenon's patches in their kernel) do.
 */
#include "output.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define INTERVAL	2	/* seconds, usually */
#define CLEAR_SCREEN	"\033[H\033[J"

/* One look at all domains asked for; id is what they are compared by. */
struct sample {
	json_t *domains;
	struct timespec time;
};

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

/* What a domain publishes; null where it does not, or is gone by now. */
static json_t *get_symspy(struct cli *cli, json_t *domain)
{
	struct response response;
	char path[PATH_MAX_API];
	json_t *symspy = NULL;

	if (!get_number(domain, "id"))
		return json_null();
	domain_path(get_text(domain, "uuid"), "/symspy", path);
	if (client_request(cli->socket, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response))
		return json_null();
	if (response.status == 200 && json_is_true(json_object_get(response.json, "published"))) {
		symspy = json_incref(response.json);
		json_object_del(symspy, "published");
	}
	response_clear(&response);
	return symspy ? symspy : json_null();
}

static int take(struct cli *cli, struct sample *sample)
{
	struct response response;
	json_t *domain;
	size_t index;
	int status = ask(cli, "GET", "/v1/domains", NULL, 0, CLIENT_TIMEOUT, &response);

	sample->domains = NULL;
	if (status)
		return status;
	clock_gettime(CLOCK_MONOTONIC, &sample->time);
	sample->domains = json_array();
	json_array_foreach(json_object_get(response.json, "domains"), index, domain)
		if (is_asked_for(cli, domain))
			json_array_append(sample->domains, domain);
	response_clear(&response);
	return EXIT_OK;
}

static json_t *find_uuid(json_t *domains, const char *uuid)
{
	json_t *domain;
	size_t index;

	json_array_foreach(domains, index, domain)
		if (!strcmp(get_text(domain, "uuid"), uuid))
			return domain;
	return NULL;
}

/* Processor time since the sample before, in percent of one processor, and what it publishes. */
static void complete(struct cli *cli, const struct sample *before, struct sample *now)
{
	double seconds = seconds_between(&before->time, &now->time);
	json_t *domain;
	size_t index;

	json_array_foreach(now->domains, index, domain) {
		json_t *old = find_uuid(before->domains, get_text(domain, "uuid"));
		json_int_t then = old ? get_number(old, "cpu_time_ns") : get_number(domain, "cpu_time_ns");
		double used = (double)(get_number(domain, "cpu_time_ns") - then);

		/* A domain that began anew counts from zero. */
		json_object_set_new(domain, "cpu_percent",
				    json_real(used > 0 && seconds > 0 ? used / seconds / 1e7 : 0));
		json_object_set_new(domain, "symspy", get_symspy(cli, domain));
	}
}

static void print_vcpu(json_t *vcpu)
{
	if (!json_is_object(vcpu))
		return;
	printf("%7s vcpu %d: ", "", (int)get_number(vcpu, "vcpu"));
	if (json_is_true(json_object_get(vcpu, "idle")))
		printf("idle\n");
	else
		printf("%lld %s, %d runnable\n", (long long)get_number(vcpu, "running_pid"),
		       json_is_null(json_object_get(vcpu, "comm")) ? "-" : get_text(vcpu, "comm"),
		       (int)get_number(vcpu, "runnable"));
}

static void print_guest(json_t *guest)
{
	char free_text[PRETTY_MAX], cache[PRETTY_MAX], anon[PRETTY_MAX], in[PRETTY_MAX], out[PRETTY_MAX];

	if (!json_is_object(guest))
		return;
	printf("%7s memory: %s free, %s cache, %s programs; swap: %s/s in, %s/s out\n", "",
	       pretty_bytes(get_number(guest, "memory_free"), free_text),
	       pretty_bytes(get_number(guest, "memory_cache"), cache),
	       pretty_bytes(get_number(guest, "memory_anon"), anon),
	       pretty_bytes(get_number(guest, "swap_in_rate"), in),
	       pretty_bytes(get_number(guest, "swap_out_rate"), out));
	printf("%7s pressure: processors %.2f %%, memory %.2f %%, disks %.2f %%; "
	       "queued: %d requests, %d packets\n", "", (double)get_number(guest, "pressure_cpu_some") / 100,
	       (double)get_number(guest, "pressure_memory_some") / 100,
	       (double)get_number(guest, "pressure_io_some") / 100,
	       (int)get_number(guest, "block_queue"), (int)get_number(guest, "net_queue"));
}

static void print_domain(json_t *domain)
{
	json_t *symspy = json_object_get(domain, "symspy"), *vcpu;
	char memory[PRETTY_MAX], id[16] = "-";
	size_t index;

	if (!json_is_null(json_object_get(domain, "id")))
		snprintf(id, sizeof(id), "%d", (int)get_number(domain, "id"));
	printf("%5s  %-24s %-10s %7.1f %10s\n", id, get_text(domain, "name"), get_text(domain, "state"),
	       json_real_value(json_object_get(domain, "cpu_percent")),
	       pretty_bytes(get_number(domain, "memory"), memory));
	print_guest(json_object_get(symspy, "guest"));
	json_array_foreach(json_object_get(symspy, "vcpus"), index, vcpu)
		print_vcpu(vcpu);
}

static void print_sample(struct cli *cli, const struct sample *sample, bool clear)
{
	json_t *domain;
	size_t index;

	if (cli->json) {
		print_json(sample->domains);
		return;
	}
	printf("%s%5s  %-24s %-10s %7s %10s\n", clear ? CLEAR_SCREEN : "", "ID", "NAME", "STATE", "CPU %",
	       "MEMORY");
	json_array_foreach(sample->domains, index, domain)
		print_domain(domain);
	fflush(stdout);
}

int command_top(struct cli *cli)
{
	bool screen = !cli->json && isatty(STDOUT_FILENO);
	struct sample before, now;
	unsigned int interval, count;
	int status;

	/* On a terminal without end; for a program or a file one table is what is wanted. */
	if (!get_count(cli, "interval", INTERVAL, &interval) ||
	    !get_count(cli, "count", screen ? 0 : 1, &count))
		return EXIT_USAGE;
	status = take(cli, &before);
	if (!status && (status = check_references(cli, before.domains)))
		json_decref(before.domains);
	if (status)
		return status;
	for (unsigned int i = 0; !count || i < count; i++) {
		sleep(interval);
		status = take(cli, &now);
		if (status)
			break;
		complete(cli, &before, &now);
		print_sample(cli, &now, screen);
		json_decref(before.domains);
		before = now;
	}
	json_decref(before.domains);
	return status;
}
