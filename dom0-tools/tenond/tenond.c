// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tenond: main program.  Opens what it needs, takes over what a former one
 * left, and runs the event loop.
 */
#include "api.h"
#include "doctor.h"
#include "http.h"
#include "lifecycle.h"
#include "log.h"
#include "migrate.h"
#include "nodes.h"
#include "resources.h"
#include "series.h"
#include "start.h"
#include "symcall.h"
#include "tenond.h"
#include "waiter.h"
#include "device/spawn.h"

#include "../lib/store_client.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <hypercall/hypercall.h>
#include <libxml/parser.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#define SCAN_USEC	2000000		/* a second look, should a notice be lost */
#define RETRY_USEC	500000		/* until the store answers */

/* A domain has gone or shut down; where the store cannot say which, it may have been any. */
static int on_store(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct tenond *tenond = data;
	struct store_event *event;
	bool all = false;

	(void)source;
	(void)fd;
	(void)events;
	while (!store_next_event(tenond->store, &event)) {
		int domid = store_event_domain(event);

		free(event);
		if (domid >= 0)
			lifecycle_scan_one(tenond, (uint16_t)domid);
		else
			all = true;
	}
	if (all)
		lifecycle_scan(tenond);
	return 0;
}

/* One attempt to reach the store; the scan's timer repeats it. */
static void connect_store(struct tenond *tenond)
{
	struct store_client *store;
	int rc;

	if (store_open(tenond->host.store_socket, 0, &store))
		return;
	rc = nodes_create_host(store);
	if (!rc)
		rc = store_watch_domains(store, "@releaseDomain", "release");
	if (!rc)
		rc = sd_event_add_io(tenond->event, &tenond->store_source, store_fd(store), EPOLLIN,
				     on_store, tenond);
	if (rc < 0) {
		log_warning("store: %s", strerror(-rc));
		store_close(store);
		return;
	}
	tenond->store = store;
	log_info("store: connected");
	resources_renew(tenond);
}

static int on_scan(sd_event_source *source, uint64_t usec, void *data)
{
	struct tenond *tenond = data;

	(void)usec;
	if (!tenond->store)
		connect_store(tenond);
	lifecycle_scan(tenond);
	sd_event_source_set_time_relative(source, tenond->store ? SCAN_USEC : RETRY_USEC);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	struct tenond *tenond = data;
	struct error ignored;

	(void)source;
	(void)info;
	tenond->stopping = true;
	waiter_end_all(tenond);
	trace_end_all(tenond);
	symcall_end_all(tenond);
	series_in_end_all(tenond);
	/* They would have no end of their own. */
	for (struct domain *domain = tenond->domains.first; domain; domain = domain->next)
		lifecycle_end_checkpoints(domain, &ignored);
	if (jobs_running(tenond->jobs))
		log_info("%u operations are under way and will be finished", jobs_running(tenond->jobs));
	return jobs_leave(tenond->jobs);
}

/* A program that we have started is no more; if it served a disk, that is to be known at once. */
static int on_child(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	(void)source;
	(void)info;
	spawn_reap();
	lifecycle_scan(data);
	return 0;
}

static int make_folder(const char *parent, const char *name, mode_t mode)
{
	char path[256];

	snprintf(path, sizeof(path), "%s%s%s", parent, *name ? "/" : "", name);
	if (mkdir(path, mode) && errno != EEXIST)
		return -errno;
	return chmod(path, mode) ? -errno : 0;
}

/* Two tenonds would undo each other's work. */
static int take_lock(const char *run_dir)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/tenond.lock", run_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int prepare_folders(const char *run_dir)
{
	int rc = make_folder(run_dir, "", 0755);

	if (!rc)
		rc = make_folder(run_dir, "domains", 0700);
	if (!rc)
		rc = make_folder(run_dir, "nbd", 0700);
	return rc ? rc : take_lock(run_dir);
}

/* What tells this machine from others: addresses derived from it differ between hosts. */
static void read_identity(char *identity, size_t size)
{
	FILE *file = fopen("/etc/machine-id", "re");

	identity[0] = '\0';
	if (file && fgets(identity, (int)size, file))
		identity[strcspn(identity, "\n")] = '\0';
	if (file)
		fclose(file);
}

static int open_hypervisor(struct tenond *tenond)
{
	struct hc_system_info info;
	int rc = hc_open(&tenond->host.hv);

	if (!rc)
		rc = hc_system_info(tenond->host.hv, &info);
	if (rc)
		log_error("the hypervisor does not answer: %s; run tenon doctor", strerror(-rc));
	return rc;
}

/* One that cannot be used keeps the others from nothing. */
static void read_definitions(struct tenond *tenond)
{
	definitions_load(&tenond->host, &tenond->definitions);
	for (struct definition *one = tenond->definitions.first; one; one = one->next)
		if (one->broken)
			log_warning("definition %s: %s: %s", one->name, one->broken->object, one->broken->cause);
}

static int run(struct tenond *tenond)
{
	char path[256];
	struct http *http = NULL;
	struct error error;
	int rc;

	/* Errors of these say more at the first domain that needs them. */
	spawn_module("xen-blkback");
	spawn_module("xen-netback");
	rc = jobs_new(tenond->event, &tenond->jobs);
	if (rc)
		return rc;
	connect_store(tenond);
	rc = lifecycle_recover(tenond);
	if (rc)
		return rc;
	read_definitions(tenond);
	snprintf(path, sizeof(path), "%s/api.sock", tenond->host.run_dir);
	rc = http_listen(tenond->event, path, api_handle, tenond, &http);
	if (rc)
		return rc;
	if ((tenond->migrate && migrate_listen(tenond, tenond->migrate, false, &error)) ||
	    (tenond->migrate_plain && migrate_listen(tenond, tenond->migrate_plain, true, &error))) {
		log_error("%s: %s", error.object, error.cause);
		return -EADDRNOTAVAIL;
	}
	rc = sd_event_add_time_relative(tenond->event, &tenond->scan_timer, CLOCK_MONOTONIC, RETRY_USEC,
					RETRY_USEC / 10, on_scan, tenond);
	if (rc < 0)
		return rc;
	sd_notify(0, "READY=1");
	log_info("ready");
	autostart_begin(tenond);
	rc = sd_event_loop(tenond->event);
	unlink(path);
	return rc;
}

static int start(struct tenond *tenond)
{
	sigset_t signals;
	int rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = sd_event_default(&tenond->event);
	if (rc >= 0)
		rc = sd_event_add_signal(tenond->event, NULL, SIGTERM, on_signal, tenond);
	if (rc >= 0)
		rc = sd_event_add_signal(tenond->event, NULL, SIGINT, on_signal, tenond);
	if (rc >= 0)
		rc = sd_event_add_signal(tenond->event, NULL, SIGCHLD, on_child, tenond);
	if (rc >= 0)
		rc = run(tenond);
	return rc;
}

static int doctor(const struct host *host)
{
	json_t *report = doctor_examine(host);

	json_dumpf(report, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(report);
	return 0;
}

static void usage(FILE *file)
{
	fputs("usage: tenond [--run-dir DIR] [--migrate ADDRESS:PORT] [--migrate-plain ADDRESS:PORT]\n"
	      "              [--doctor] [--version] [--help]\n"
	      "The daemon that creates, watches and ends domains; see tenond(8).\n", file);
}

int main(int argc, char *argv[])
{
	static const struct option options[] = {
		{ "run-dir", required_argument, NULL, 'r' },
		{ "migrate", required_argument, NULL, 'm' },
		{ "migrate-plain", required_argument, NULL, 'p' },
		{ "doctor", no_argument, NULL, 'd' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	static struct tenond tenond = {
		.host = {
			.run_dir = HOST_RUN_DIR, .store_socket = HOST_STORE_SOCKET,
			.console_socket = HOST_CONSOLE_SOCKET, .console_log_dir = HOST_CONSOLE_LOG_DIR,
			.state_dir = HOST_STATE_DIR, .definitions_dir = HOST_DEFINITIONS_DIR,
			.tls_dir = HOST_TLS_DIR,
		},
	};
	int option, rc;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			tenond.host.run_dir = optarg;
			break;
		case 'm':
			tenond.migrate = optarg;
			break;
		case 'p':
			tenond.migrate_plain = optarg;
			break;
		case 'd':
			return doctor(&tenond.host);
		case 'V':
			puts("tenond " PACKAGE_VERSION);
			return 0;
		case 'h':
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return 2;
		}
	}
	umask(077);
	xmlInitParser();
	read_identity(tenond.host.identity, sizeof(tenond.host.identity));
	rc = prepare_folders(tenond.host.run_dir);
	if (rc == -EWOULDBLOCK)
		log_error("another tenond runs here already");
	else if (rc)
		log_error("%s: %s", tenond.host.run_dir, strerror(-rc));
	if (!rc)
		rc = open_hypervisor(&tenond);
	if (!rc)
		rc = start(&tenond);
	if (rc < 0)
		log_error("leaving: %s", strerror(-rc));
	return rc < 0;
}
