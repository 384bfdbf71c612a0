/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds guests and their consoles: see guests.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <log.h>

#include "guests.h"

#define TOKEN_INTRODUCE "introduce"
#define TOKEN_RELEASE "release"
#define TOKEN_GUEST "guest/"	/* and the domain's number */

struct guest {
	struct list link;
	uint16_t domid;
	bool changed;		/* its nodes are to be looked at */
};

/* What is watched and read of each guest. */
static const char *const watched[] = { "console", "name" };

static void guest_path(char path[64], uint16_t domid, const char *node)
{
	snprintf(path, 64, "/local/domain/%u/%s", domid, node);
}

static struct guest *find_guest(struct guests *guests, uint16_t domid)
{
	struct list *at;

	list_for_each(at, &guests->known) {
		struct guest *guest = list_entry(at, struct guest, link);

		if (guest->domid == domid)
			return guest;
	}
	return NULL;
}

/* What the store says about a console.  -ENOENT: not (yet) all of it is there. */
static int read_console(struct guests *guests, uint16_t domid, uint64_t *mfn, uint64_t *port)
{
	char path[64], *type;
	int rc;

	guest_path(path, domid, "console/type");
	rc = store_read(guests->store, 0, path, &type, NULL);
	if (!rc) {
		bool ours = !strcmp(type, "xenconsoled") || !*type;

		free(type);
		if (!ours)
			return -ENOENT;
	} else if (rc != -ENOENT) {
		return rc;
	}
	guest_path(path, domid, "console/ring-ref");
	rc = store_read_number(guests->store, 0, path, UINT64_MAX, mfn);
	if (rc)
		return rc;
	guest_path(path, domid, "console/port");
	return store_read_number(guests->store, 0, path, UINT32_MAX, port);
}

static void connect_console(struct guests *guests, struct guest *guest, const char *name)
{
	struct console *console = console_of_domain(guests->world, guest->domid);
	uint64_t mfn, port;
	int rc = read_console(guests, guest->domid, &mfn, &port);

	if (rc) {
		if (rc != -ENOENT)
			log_warning("domain %u: its console in the store: %s", guest->domid,
				    strerror(-rc));
		return;
	}
	/* Another ring: the guest has been restored under the same number. */
	if (console && console->page.address && console->remote_port != port) {
		console_end(console);
		console = NULL;
	}
	if (!console)
		console = console_new(guests->world, guest->domid, name);
	if (!console)
		return;
	rc = console_connect(console, mfn, port);
	if (rc) {
		log_warning("domain %u: cannot connect its console at frame %" PRIx64
			    ", port %" PRIu64 ": %s", guest->domid, mfn, port, strerror(-rc));
		console_end(console);
	}
}

/* Something of a guest changed: its name, or what its console is. */
static void look_at(struct guests *guests, struct guest *guest)
{
	struct console *console;
	char path[64], *name;

	guest_path(path, guest->domid, "name");
	if (store_read(guests->store, 0, path, &name, NULL))
		return;
	console = console_of_domain(guests->world, guest->domid);
	if (console)
		console_rename(console, name);
	connect_console(guests, guest, name);
	free(name);
}

/* Changes come in groups: each guest is looked at once for all of them. */
static void look_at_changed(struct guests *guests)
{
	struct list *at;

	list_for_each(at, &guests->known) {
		struct guest *guest = list_entry(at, struct guest, link);

		if (!guest->changed)
			continue;
		guest->changed = false;
		look_at(guests, guest);
	}
}

static void add_guest(struct guests *guests, uint16_t domid)
{
	struct guest *guest = malloc(sizeof(*guest));
	char path[64], token[32];

	if (!guest) {
		log_error("domain %u: no memory for it", domid);
		return;
	}
	guest->domid = domid;
	guest->changed = true;
	list_append(&guests->known, &guest->link);
	snprintf(token, sizeof(token), TOKEN_GUEST "%u", domid);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
		int rc;

		guest_path(path, domid, watched[i]);
		rc = store_watch(guests->store, path, token);
		if (rc)
			log_error("cannot watch %s: %s", path, strerror(-rc));
	}
}

static void remove_guest(struct guests *guests, struct guest *guest)
{
	struct console *console = console_of_domain(guests->world, guest->domid);
	char path[64], token[32];

	if (console)
		console_end(console);
	snprintf(token, sizeof(token), TOKEN_GUEST "%u", guest->domid);
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++) {
		guest_path(path, guest->domid, watched[i]);
		store_unwatch(guests->store, path, token);
	}
	list_remove(&guest->link);
	free(guest);
}

static bool parse_domid(const char *text, uint16_t *domid)
{
	unsigned long number;
	char *end;

	number = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || number > UINT16_MAX)
		return false;
	*domid = number;
	return true;
}

/* Looks for guests that are not known yet. */
static void look_for_new(struct guests *guests)
{
	char **names;
	size_t count;

	if (store_list(guests->store, 0, "/local/domain", &names, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		bool introduced;
		uint16_t domid;

		if (!parse_domid(names[i], &domid) || !domid || find_guest(guests, domid))
			continue;
		if (!store_is_introduced(guests->store, domid, &introduced) && introduced)
			add_guest(guests, domid);
	}
	free(names);
}

/* A guest may have ended, or only shut down. */
static void check_end(struct guests *guests, struct guest *guest)
{
	bool introduced;

	if (!store_is_introduced(guests->store, guest->domid, &introduced) && !introduced)
		remove_guest(guests, guest);
}

static void on_introduce(struct guests *guests, int domid)
{
	struct guest *guest = domid > 0 ? find_guest(guests, domid) : NULL;

	if (domid < 0)
		look_for_new(guests);
	else if (guest)
		guest->changed = true;
	else if (domid > 0)
		add_guest(guests, domid);
}

static void on_release(struct guests *guests, int domid)
{
	struct list *at, *next;

	list_for_each_safe(at, next, &guests->known) {
		struct guest *guest = list_entry(at, struct guest, link);

		if (domid < 0 || domid == guest->domid)
			check_end(guests, guest);
	}
}

static void on_change(struct guests *guests, const char *number)
{
	struct guest *guest;
	uint16_t domid;

	if (!parse_domid(number, &domid))
		return;
	guest = find_guest(guests, domid);
	if (guest)
		guest->changed = true;
}

static int on_store(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct guests *guests = data;
	struct store_event *event;

	(void)source;
	(void)fd;
	(void)events;
	while (!store_next_event(guests->store, &event)) {
		if (!strcmp(event->token, TOKEN_INTRODUCE))
			on_introduce(guests, store_event_domain(event));
		else if (!strcmp(event->token, TOKEN_RELEASE))
			on_release(guests, store_event_domain(event));
		else if (!strncmp(event->token, TOKEN_GUEST, strlen(TOKEN_GUEST)))
			on_change(guests, event->token + strlen(TOKEN_GUEST));
		free(event);
	}
	look_at_changed(guests);
	return 0;
}

int guests_start(struct guests *guests, struct console_world *world, struct store_client *store)
{
	int rc;

	guests->world = world;
	guests->store = store;
	list_init(&guests->known);
	rc = store_watch_domains(store, "@introduceDomain", TOKEN_INTRODUCE);
	if (!rc)
		rc = store_watch_domains(store, "@releaseDomain", TOKEN_RELEASE);
	if (rc)
		return rc;
	look_for_new(guests);
	look_at_changed(guests);
	rc = sd_event_add_io(world->event, NULL, store_fd(store), EPOLLIN, on_store, guests);
	return rc < 0 ? rc : 0;
}
