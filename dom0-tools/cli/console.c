// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tenon console: attaching to a guest's console through tenon-consoled, or
 * reading what it has logged.
 *
 * tenon-consoled's protocol: one line "attach NAME" or "attach NAME ro", one
 * line back, "ok" or "error TEXT", and from then on the console's bytes.
 */
#include "output.h"

#include "../lib/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE		0x1d		/* ^] */
#define CONSOLE_SOCKET	"/run/tenon/console.sock"
#define LOG_FOLDER	"/var/log/tenon/console"
#define FOLLOW_USEC	200000
#define RETRY_USEC	100000
#define RETRIES		50		/* a console comes up a moment after its guest */

struct place {
	char name[80];
	char socket[108];
	char log[256];
	bool known;		/* tenond says that there is such a domain */
};

/* Where a console is; a guest that has gone still has a log of its name. */
static int find(struct cli *cli, bool need_domain, struct place *place)
{
	const char *name = cli->arguments[0];
	char path[PATH_MAX_API];
	struct response response = { 0 };
	int rc;

	place->known = false;
	snprintf(place->name, sizeof(place->name), "%s", name);
	snprintf(place->socket, sizeof(place->socket), "%s", CONSOLE_SOCKET);
	snprintf(place->log, sizeof(place->log), LOG_FOLDER "/%.128s.log", name);
	domain_path(name, "/console", path);
	rc = client_request(cli->socket, "GET", path, NULL, 0, CLIENT_TIMEOUT, &response);
	if (!rc && response.status == 200) {
		place->known = true;
		snprintf(place->name, sizeof(place->name), "%s", get_text(response.json, "name"));
		snprintf(place->socket, sizeof(place->socket), "%s", get_text(response.json, "socket"));
		snprintf(place->log, sizeof(place->log), "%s", get_text(response.json, "log"));
	}
	/* Consoles need no tenond; only that it knows better is an obstacle. */
	rc = !rc && response.status == 404 && need_domain ? EXIT_NOT_FOUND : EXIT_OK;
	response_clear(&response);
	if (rc)
		complain(name, "is no domain's name, UUID or number",
			 "tenon list shows the domains; tenon console --log NAME what a former one said");
	return rc;
}

static int print_log(const struct place *place, bool follow)
{
	char buffer[65536];
	int fd;

	if (strchr(place->name, '/')) {
		complain(place->name, "cannot be a domain's name", NULL);
		return EXIT_USAGE;
	}
	fd = open(place->log, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		complain(place->log, strerror(errno), "tenon-consoled writes it while a guest runs");
		return errno == ENOENT ? EXIT_NOT_FOUND : EXIT_FAILED;
	}
	for (;;) {
		ssize_t got = read(fd, buffer, sizeof(buffer));

		if (got < 0 || (!got && !follow))
			break;
		if (!got)
			usleep(FOLLOW_USEC);
		else if (fwrite(buffer, 1, (size_t)got, stdout) != (size_t)got || fflush(stdout))
			break;
	}
	close(fd);
	return EXIT_OK;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t done = write(fd, data, size);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		data += done;
		size -= (size_t)done;
	}
	return 0;
}

/* The reply to our line; not a byte beyond it is taken. */
static int read_reply(int fd, char *line, size_t size)
{
	size_t length = 0;

	while (length < size - 1) {
		if (read(fd, line + length, 1) != 1)
			return -EPIPE;
		if (line[length] == '\n')
			break;
		length++;
	}
	line[length] = '\0';
	return 0;
}

/* A socket to tenon-consoled; complains where that fails. */
static int connect_daemon(const struct place *place)
{
	char cause[256];
	int fd = unix_connect(place->socket, 0);

	if (fd >= 0)
		return fd;
	snprintf(cause, sizeof(cause), "cannot be reached at %s: %s", place->socket, strerror(-fd));
	complain("tenon-consoled", cause, "is it running? tenon doctor says more");
	return -1;
}

/* Ask for the console; line receives the reply. */
static int request_console(int fd, const struct place *place, bool read_only, char *line, size_t size)
{
	int rc;

	snprintf(line, size, "attach %s%s\n", place->name, read_only ? " ro" : "");
	rc = write_all(fd, line, strlen(line));
	return rc ? rc : read_reply(fd, line, size);
}

/* A socket that is the guest's console, or -1 and a complaint. */
static int connect_console(const struct place *place, bool read_only)
{
	char line[256];

	for (int left = place->known ? RETRIES : 0;; left--) {
		int fd = connect_daemon(place), rc;

		if (fd < 0)
			return -1;
		rc = request_console(fd, place, read_only, line, sizeof(line));
		if (!rc && !strcmp(line, "ok"))
			return fd;
		close(fd);
		if (rc)
			complain("tenon-consoled", "hung up", "tenon doctor says more");
		else if (left <= 0)
			complain(place->name, !strncmp(line, "error ", 6) ? line + 6 : line,
				 "tenon list shows the domains");
		if (rc || left <= 0)
			return -1;
		usleep(RETRY_USEC);
	}
}

/* What was typed: on to the guest, up to the escape. Returns false when the user leaves. */
static bool forward_input(int socket, bool tty, bool *open)
{
	char buffer[4096];
	ssize_t got = read(STDIN_FILENO, buffer, sizeof(buffer));
	char *escape;

	if (got < 0)
		return errno == EINTR || errno == EAGAIN;
	if (!got) {
		*open = false;	/* a script's input has ended; its output goes on */
		return !tty;
	}
	escape = tty ? memchr(buffer, ESCAPE, (size_t)got) : NULL;
	if (write_all(socket, buffer, escape ? (size_t)(escape - buffer) : (size_t)got))
		return false;
	return !escape;
}

/* Until the user leaves (true) or the console ends (false). */
static bool converse(int socket, bool tty)
{
	char buffer[65536];
	bool open = true;

	for (;;) {
		struct pollfd ends[2] = {
			{ .fd = socket, .events = POLLIN },
			{ .fd = open ? STDIN_FILENO : -1, .events = POLLIN },
		};

		if (poll(ends, 2, -1) < 0) {
			if (errno == EINTR)
				continue;
			return false;
		}
		if (ends[0].revents) {
			ssize_t got = read(socket, buffer, sizeof(buffer));

			if (got <= 0 || write_all(STDOUT_FILENO, buffer, (size_t)got))
				return false;
		}
		if (ends[1].revents && !forward_input(socket, tty, &open))
			return true;
	}
}

static int attach(const struct place *place, bool read_only)
{
	bool tty = isatty(STDIN_FILENO), left;
	struct termios before, raw;
	int fd = connect_console(place, read_only);

	if (fd < 0)
		return EXIT_UNREACHABLE;
	signal(SIGPIPE, SIG_IGN);
	fprintf(stderr, "Attached to the console of %s%s; ^] detaches.\n", place->name,
		read_only ? ", to look only" : "");
	if (tty && !tcgetattr(STDIN_FILENO, &before)) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	left = converse(fd, tty);
	if (tty)
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	close(fd);
	if (left)
		fputs("\nDetached.\n", stderr);
	else
		fprintf(stderr, "\nThe console of %s has ended.\n", place->name);
	return EXIT_OK;
}

int command_console(struct cli *cli)
{
	bool log = cli_option(cli, "log");
	struct place place;
	int status = find(cli, !log, &place);

	if (status)
		return status;
	if (log)
		return print_log(&place, cli_option(cli, "follow"));
	return attach(&place, cli_option(cli, "read-only"));
}
