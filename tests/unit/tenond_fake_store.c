// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The imitated store: a flat list of paths, with one level of undo for
 * transactions.  Several clients share it, as they would the real one.
 */
#include "tenond_fakes.h"
#include "tenond_fake_fault.h"

#include "dom0-tools/lib/store_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NODES 512

struct node {
	char path[160];
	char value[256];
	char perms[64];
};

static struct node nodes[NODES], saved[NODES];
static unsigned int count, saved_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct store_client {
	int fd;
};

void fake_store_reset(void)
{
	count = 0;
}

static struct node *find(const char *path)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	return NULL;
}

static struct node *make(const char *path)
{
	struct node *node = find(path);

	if (node)
		return node;
	if (count == NODES)
		abort();
	node = &nodes[count++];
	memset(node, 0, sizeof(*node));
	snprintf(node->path, sizeof(node->path), "%s", path);
	return node;
}

const char *fakes_node(const char *path)
{
	struct node *node = find(path);

	return node ? node->value : NULL;
}

const char *fakes_perms(const char *path)
{
	struct node *node = find(path);

	return node ? node->perms : "";
}

void fakes_put(const char *path, const char *value)
{
	snprintf(make(path)->value, sizeof(nodes[0].value), "%s", value);
}

/* dom0's own nodes are always there. */
unsigned int fakes_nodes(void)
{
	unsigned int foreign = 0;

	for (unsigned int i = 0; i < count; i++)
		if (strcmp(nodes[i].path, "/local/domain/0/name") &&
		    strcmp(nodes[i].path, "/local/domain/0/domid"))
			foreign++;
	return foreign;
}

int store_open(const char *path, unsigned int timeout_ms, struct store_client **client)
{
	(void)path;
	(void)timeout_ms;
	if (fault())
		return -ECONNREFUSED;
	*client = calloc(1, sizeof(**client));
	if (!*client)
		return -ENOMEM;
	(*client)->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return 0;
}

void store_close(struct store_client *client)
{
	if (client)
		close(client->fd);
	free(client);
}

int store_fd(const struct store_client *client)
{
	return client->fd;
}

int store_next_event(struct store_client *client, struct store_event **event)
{
	(void)client;
	(void)event;
	return -EAGAIN;
}

int store_watch(struct store_client *client, const char *path, const char *token)
{
	(void)client;
	(void)path;
	(void)token;
	return 0;
}

int store_read(struct store_client *client, uint32_t tx, const char *path, char **value, size_t *len)
{
	struct node *node;

	(void)client;
	(void)tx;
	pthread_mutex_lock(&lock);
	node = find(path);
	*value = node ? strdup(node->value) : NULL;
	pthread_mutex_unlock(&lock);
	if (node && len)
		*len = strlen(*value);
	return node ? 0 : -ENOENT;
}

int store_read_number(struct store_client *client, uint32_t tx, const char *path, uint64_t max,
		      uint64_t *number)
{
	char *value;
	int rc = store_read(client, tx, path, &value, NULL);

	if (rc)
		return rc;
	*number = strtoull(value, NULL, 10);
	free(value);
	return *number > max ? -EINVAL : 0;
}

/* Here what is collected is done at once, and its error told at the end. */
static bool collecting;
static int collected;

static int answer(int rc)
{
	if (!collecting)
		return rc;
	if (!collected)
		collected = rc;
	return 0;
}

int store_write(struct store_client *client, uint32_t tx, const char *path, const void *value,
		size_t len)
{
	(void)client;
	(void)tx;
	if (fault())
		return answer(-EIO);
	pthread_mutex_lock(&lock);
	snprintf(make(path)->value, sizeof(nodes[0].value), "%.*s", (int)len, (const char *)value);
	pthread_mutex_unlock(&lock);
	return 0;
}

int store_printf(struct store_client *client, uint32_t tx, const char *path, const char *format, ...)
{
	char value[256];
	va_list args;

	va_start(args, format);
	vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	return store_write(client, tx, path, value, strlen(value));
}

int store_mkdir(struct store_client *client, uint32_t tx, const char *path)
{
	(void)client;
	(void)tx;
	if (fault())
		return answer(-EIO);
	pthread_mutex_lock(&lock);
	make(path);
	pthread_mutex_unlock(&lock);
	return 0;
}

int store_rm(struct store_client *client, uint32_t tx, const char *path)
{
	size_t length = strlen(path);
	unsigned int kept = 0;

	(void)client;
	(void)tx;
	if (fault())
		return -EIO;
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < count; i++)
		if (strncmp(nodes[i].path, path, length) ||
		    (nodes[i].path[length] && nodes[i].path[length] != '/'))
			nodes[kept++] = nodes[i];
	count = kept;
	pthread_mutex_unlock(&lock);
	return 0;
}

int store_list(struct store_client *client, uint32_t tx, const char *path, char ***names, size_t *found)
{
	size_t length = strlen(path);
	char **list = calloc(64, sizeof(*list) + 64), *text = (char *)(list + 64);

	(void)client;
	(void)tx;
	*found = 0;
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < count && *found < 64; i++) {
		const char *child = nodes[i].path + length + 1;
		bool known = false;

		if (strncmp(nodes[i].path, path, length) || nodes[i].path[length] != '/')
			continue;
		for (size_t j = 0; j < *found; j++)
			if (strlen(list[j]) == strcspn(child, "/") && !strncmp(list[j], child, strlen(list[j])))
				known = true;
		if (known)
			continue;
		list[*found] = text + *found * 64;
		snprintf(list[(*found)++], 64, "%.*s", (int)strcspn(child, "/"), child);
	}
	pthread_mutex_unlock(&lock);
	*names = list;
	if (!*found)
		free(list);
	return *found ? 0 : -ENOENT;
}

int store_set_perms(struct store_client *client, uint32_t tx, const char *path,
		    const struct store_perm *perms, size_t number)
{
	struct node *node = find(path);
	char text[64] = "";

	(void)client;
	(void)tx;
	if (fault() || !node)
		return answer(-EIO);
	for (size_t i = 0; i < number; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%c%u", i ? "," : "",
			 perms[i].access, perms[i].domid);
	strcpy(node->perms, text);
	return 0;
}

void store_collect(struct store_client *client)
{
	(void)client;
	collecting = true;
	collected = 0;
}

int store_collected(struct store_client *client)
{
	(void)client;
	collecting = false;
	return collected;
}

int store_transaction_start(struct store_client *client, uint32_t *tx)
{
	(void)client;
	if (fault())
		return -EIO;
	memcpy(saved, nodes, sizeof(nodes));
	saved_count = count;
	*tx = 1;
	return 0;
}

int store_transaction_end(struct store_client *client, uint32_t tx, bool commit)
{
	static unsigned int ended;
	bool fail = commit && fault();

	(void)client;
	(void)tx;
	/* Every third commit meets with somebody else's change. */
	if (!commit || fail || ++ended % 3 == 0) {
		memcpy(nodes, saved, sizeof(nodes));
		count = saved_count;
		return fail ? -EIO : commit ? -EAGAIN : 0;
	}
	return 0;
}

int store_introduce(struct store_client *client, uint16_t domid, uint64_t mfn, uint32_t port)
{
	(void)client;
	(void)domid;
	(void)mfn;
	(void)port;
	if (fault())
		return -EIO;
	fakes.introduced++;
	return 0;
}

int store_resume(struct store_client *client, uint16_t domid)
{
	(void)client;
	if (fault())
		return -EIO;
	fakes.domains[domid].untold = false;
	return 0;
}

int store_release(struct store_client *client, uint16_t domid)
{
	(void)client;
	(void)domid;
	if (fakes.introduced)
		fakes.introduced--;
	return 0;
}
