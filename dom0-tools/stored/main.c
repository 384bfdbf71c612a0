/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tenon-stored: options, and the order in which the daemon comes up. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daemon.h>
#include <log.h>

#include "domain.h"
#include "journal.h"
#include "server.h"
#include "state.h"

#define DEFAULT_RUN_DIR "/run/tenon"
#define COMPAT_SOCKET "/run/xenstored/socket"

struct options {
	const char *run_dir;
	const char *compat_socket;	/* empty: none */
	struct quota quota;
	bool foreground;
	bool debug;
	bool no_hypervisor;
};

static const char usage[] =
	"Usage: tenon-stored [OPTION]...\n"
	"Serves the store to guests, to the kernel of domain 0 and to its programs.\n"
	"\n"
	"  -f, --foreground          stay in the foreground (for systemd)\n"
	"  -d, --debug               log every request\n"
	"      --run-dir DIR         sockets and state (" DEFAULT_RUN_DIR ")\n"
	"      --compat-socket PATH  second socket, for tools of Xen (" COMPAT_SOCKET ");\n"
	"                            '' for none\n"
	"      --no-hypervisor       serve only sockets\n"
	"      --quota NAME=VALUE    a limit for guests; may be repeated\n"
	"      --help                this text\n"
	"      --version             the version\n";

enum { OPTION_RUN_DIR = 256, OPTION_COMPAT, OPTION_NO_HV, OPTION_QUOTA, OPTION_HELP,
       OPTION_VERSION };

static const struct option long_options[] = {
	{ "foreground", no_argument, NULL, 'f' },
	{ "debug", no_argument, NULL, 'd' },
	{ "run-dir", required_argument, NULL, OPTION_RUN_DIR },
	{ "compat-socket", required_argument, NULL, OPTION_COMPAT },
	{ "no-hypervisor", no_argument, NULL, OPTION_NO_HV },
	{ "quota", required_argument, NULL, OPTION_QUOTA },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 }
};

/* "name=value" into the table of limits. */
static bool parse_quota(struct quota *quota, char *text)
{
	char *equals = strchr(text, '='), *end;
	uint32_t *limit;
	unsigned long value;

	if (!equals)
		return false;
	*equals = '\0';
	limit = quota_find(quota, text);
	value = strtoul(equals + 1, &end, 10);
	if (!limit || !equals[1] || *end || value > UINT32_MAX) {
		*equals = '=';
		return false;
	}
	*limit = value;
	return true;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "fd", long_options, NULL)) != -1) {
		switch (c) {
		case 'f': options->foreground = true; break;
		case 'd': options->debug = true; break;
		case OPTION_RUN_DIR: options->run_dir = optarg; break;
		case OPTION_COMPAT: options->compat_socket = optarg; break;
		case OPTION_NO_HV: options->no_hypervisor = true; break;
		case OPTION_QUOTA:
			if (parse_quota(&options->quota, optarg))
				break;
			fprintf(stderr, "tenon-stored: --quota %s: not a known NAME=VALUE\n", optarg);
			exit(2);
		case OPTION_HELP:
			fputs(usage, stdout);
			exit(0);
		case OPTION_VERSION:
			puts("tenon-stored " PACKAGE_VERSION);
			exit(0);
		default:
			fputs("Try 'tenon-stored --help'.\n", stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "tenon-stored: %s: no arguments are expected\n", argv[optind]);
		exit(2);
	}
}

/* Fills the store from the journal, or for the first time. */
static int open_state(struct server *server, struct journal *journal, const struct options *options)
{
	char dir[PATH_MAX];
	bool found;
	int rc;

	snprintf(dir, sizeof(dir), "%s/store", options->run_dir);
	rc = daemon_make_dirs(options->run_dir);
	if (!rc)
		rc = journal_open(dir, journal, &found);
	if (rc) {
		log_error("%s: %s", dir, rc == -EWOULDBLOCK ? "in use by another tenon-stored"
							    : strerror(-rc));
		return rc;
	}
	server->store.journal = journal;
	if (found) {
		rc = state_read(&server->store);
		if (rc)
			log_error("the journal in %s breaks off (%s): "
				  "what came after that is lost", dir, strerror(-rc));
		else
			log_info("went on with the state found in %s", dir);
	} else {
		server->store.quota = options->quota;
	}
	return store_populate(&server->store);
}

static int open_hypervisor(struct server *server)
{
	int rc = hv_open(&server->hv);

	if (rc) {
		log_error("cannot open the hypervisor's devices under /dev/xen: %s; "
			  "is this domain 0, with xen-privcmd, xen-evtchn and xen-gntdev loaded?",
			  strerror(-rc));
		return rc;
	}
	server->store.hv = &server->hv;
	rc = domain_attach_own(&server->store, &server->hv);
	if (rc) {
		log_error("cannot serve the kernel of this domain: %s", strerror(-rc));
		return rc;
	}
	domain_reattach_all(&server->store, &server->hv);
	domain_check_all(&server->store, &server->hv);
	return 0;
}

static int open_sockets(struct server *server, const struct options *options)
{
	const char *paths[2];
	char path[PATH_MAX];
	int rc = 0;

	snprintf(path, sizeof(path), "%s/store.sock", options->run_dir);
	paths[0] = path;
	paths[1] = options->compat_socket;
	for (int i = 0; i < 2 && !rc; i++) {
		if (!*paths[i])
			continue;
		rc = server_listen(server, paths[i]);
		if (rc)
			log_error("%s: %s", paths[i], strerror(-rc));
	}
	return rc;
}

int main(int argc, char **argv)
{
	struct options options = {
		.run_dir = DEFAULT_RUN_DIR,
		.compat_socket = COMPAT_SOCKET,
		.quota = quota_defaults,
	};
	static struct server server;
	struct journal journal;
	int rc;

	parse_options(argc, argv, &options);
	log_open("tenon-stored", options.debug);
	rc = daemon_start(options.foreground);
	if (!rc)
		rc = daemon_loop(&server.event);
	if (!rc)
		rc = store_init(&server.store);
	if (rc) {
		log_error("cannot start: %s", strerror(-rc));
		return 1;
	}
	if (open_state(&server, &journal, &options))
		return 1;
	if (!options.no_hypervisor && open_hypervisor(&server))
		return 1;
	if (open_sockets(&server, &options))
		return 1;
	rc = journal_compact(&server.store);
	if (!rc)
		rc = daemon_drop_privileges();
	if (!rc)
		rc = server_prepare(&server);
	if (rc) {
		log_error("cannot start: %s", strerror(-rc));
		return 1;
	}
	daemon_ready();
	rc = sd_event_loop(server.event);
	log_info("ends; guests stay connected to the next one");
	return rc < 0;
}
