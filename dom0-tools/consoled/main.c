/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tenon-consoled: options, and the order in which the daemon comes up. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <hypercall/hypercall.h>

#include <daemon.h>
#include <log.h>

#include "attach.h"
#include "guests.h"

#define DEFAULT_RUN_DIR "/run/tenon"
#define DEFAULT_LOG_DIR "/var/log/tenon/console"
#define STORE_WAIT_MS 30000

struct options {
	const char *run_dir;
	const char *log_dir;
	uint64_t log_size;
	uint64_t log_keep;
	uint64_t rate;
	bool foreground;
	bool debug;
};

static const char usage[] =
	"Usage: tenon-consoled [OPTION]...\n"
	"Logs the consoles of all guests, and lets programs attach to them.\n"
	"\n"
	"  -f, --foreground      stay in the foreground (for systemd)\n"
	"  -d, --debug           log more\n"
	"      --run-dir DIR     socket, and that of the store (" DEFAULT_RUN_DIR ")\n"
	"      --log-dir DIR     logs (" DEFAULT_LOG_DIR ")\n"
	"      --log-size BYTES  size at which a log is rotated, 0: never (1048576)\n"
	"      --log-keep N      rotated logs kept of each guest, up to 99 (4)\n"
	"      --rate BYTES      that one guest may write in a second (1048576)\n"
	"      --help            this text\n"
	"      --version         the version\n";

enum { OPTION_RUN_DIR = 256, OPTION_LOG_DIR, OPTION_LOG_SIZE, OPTION_LOG_KEEP, OPTION_RATE,
       OPTION_HELP, OPTION_VERSION };

static const struct option long_options[] = {
	{ "foreground", no_argument, NULL, 'f' },
	{ "debug", no_argument, NULL, 'd' },
	{ "run-dir", required_argument, NULL, OPTION_RUN_DIR },
	{ "log-dir", required_argument, NULL, OPTION_LOG_DIR },
	{ "log-size", required_argument, NULL, OPTION_LOG_SIZE },
	{ "log-keep", required_argument, NULL, OPTION_LOG_KEEP },
	{ "rate", required_argument, NULL, OPTION_RATE },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 }
};

static uint64_t number_option(const char *option, const char *text, uint64_t min, uint64_t max)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number < min || number > max) {
		fprintf(stderr, "tenon-consoled: %s %s: a number from %llu to %llu is expected\n",
			option, text, (unsigned long long)min, (unsigned long long)max);
		exit(2);
	}
	return number;
}

static void parse_options(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "fd", long_options, NULL)) != -1) {
		switch (c) {
		case 'f': options->foreground = true; break;
		case 'd': options->debug = true; break;
		case OPTION_RUN_DIR: options->run_dir = optarg; break;
		case OPTION_LOG_DIR: options->log_dir = optarg; break;
		case OPTION_LOG_SIZE:
			options->log_size = number_option("--log-size", optarg, 0, INT64_MAX);
			break;
		case OPTION_LOG_KEEP:
			options->log_keep = number_option("--log-keep", optarg, 0, 99);
			break;
		case OPTION_RATE:
			options->rate = number_option("--rate", optarg, HC_CONSOLE_OUT_SIZE,
						      1u << 30);
			break;
		case OPTION_HELP:
			fputs(usage, stdout);
			exit(0);
		case OPTION_VERSION:
			puts("tenon-consoled " PACKAGE_VERSION);
			exit(0);
		default:
			fputs("Try 'tenon-consoled --help'.\n", stderr);
			exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "tenon-consoled: %s: no arguments are expected\n", argv[optind]);
		exit(2);
	}
}

static int on_accept(sd_event_source *source, int fd, uint32_t events, void *data)
{
	int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	int rc;

	(void)source;
	(void)events;
	if (client < 0)
		return 0;
	rc = attachment_accept(data, client);
	if (rc)
		log_error("cannot serve a new client: %s", strerror(-rc));
	return 0;
}

static int on_event_channel(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct console_world *world = data;
	struct console *console = ports_next(&world->ports);

	(void)source;
	(void)fd;
	(void)events;
	/* One at a time: between two of them the loop looks at everybody else. */
	if (console) {
		console->masked = true;
		console_serve(console);
	}
	return 0;
}

/* The log directory; its lock keeps a second daemon from the same rings. */
static int open_logs(struct console_world *world, const struct options *options)
{
	int rc = daemon_make_dirs(options->log_dir);

	if (rc)
		return rc;
	world->logs.max_size = options->log_size;
	world->logs.keep = options->log_keep;
	world->logs.dir = open(options->log_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (world->logs.dir < 0)
		return -errno;
	return flock(world->logs.dir, LOCK_EX | LOCK_NB) ? -errno : 0;
}

/* Notes of how far each log is, for a daemon after this one. */
static int open_notes(struct console_world *world, const struct options *options)
{
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/console", options->run_dir);
	rc = daemon_make_dirs(path);
	if (rc)
		return rc;
	world->notes = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return world->notes < 0 ? -errno : 0;
}

static int open_hypervisor(struct console_world *world)
{
	int rc = hc_open(&world->handle);

	if (rc)
		return rc;
	world->grants = hc_grant_open();
	if (world->grants < 0)
		return world->grants;
	return ports_open(&world->ports);
}

static int open_socket(struct console_world *world, const struct options *options)
{
	char path[PATH_MAX];
	int rc;

	snprintf(path, sizeof(path), "%s/console.sock", options->run_dir);
	rc = daemon_listen(path);
	if (rc >= 0)
		rc = sd_event_add_io(world->event, NULL, rc, EPOLLIN, on_accept, world);
	if (rc >= 0)
		rc = sd_event_add_io(world->event, NULL, world->ports.fd, EPOLLIN,
				     on_event_channel, world);
	return rc < 0 ? rc : 0;
}

static int run(struct console_world *world, const struct options *options)
{
	struct store_client *store;
	struct guests guests;
	char path[PATH_MAX];
	const char *what = options->log_dir;
	int rc = open_logs(world, options);

	if (rc == -EWOULDBLOCK) {
		log_error("%s: in use by another tenon-consoled", options->log_dir);
		return rc;
	}
	if (!rc) {
		what = options->run_dir;
		rc = open_notes(world, options);
	}
	if (!rc) {
		what = "the hypervisor's devices under /dev/xen";
		rc = open_hypervisor(world);
	}
	if (!rc) {
		what = path;
		snprintf(path, sizeof(path), "%s/store.sock", options->run_dir);
		rc = store_open(path, STORE_WAIT_MS, &store);
	}
	if (!rc)
		rc = guests_start(&guests, world, store);
	if (!rc) {
		what = "the socket for readers";
		rc = open_socket(world, options);
	}
	if (!rc)
		rc = daemon_drop_privileges();
	if (rc) {
		log_error("cannot start: %s: %s", what, strerror(-rc));
		return rc;
	}
	daemon_ready();
	rc = sd_event_loop(world->event);
	log_info("ends; consoles wait for the next one");
	return rc;
}

int main(int argc, char **argv)
{
	struct options options = {
		.run_dir = DEFAULT_RUN_DIR,
		.log_dir = DEFAULT_LOG_DIR,
		.log_size = 1u << 20,
		.log_keep = 4,
		.rate = 1u << 20,
	};
	struct console_world world = { .grants = -1 };
	int rc;

	parse_options(argc, argv, &options);
	log_open("tenon-consoled", options.debug);
	list_init(&world.consoles);
	world.rate = options.rate;
	rc = daemon_start(options.foreground);
	if (!rc)
		rc = daemon_loop(&world.event);
	if (rc) {
		log_error("cannot start: %s", strerror(-rc));
		return 1;
	}
	return run(&world, &options) < 0;
}
