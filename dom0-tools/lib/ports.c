/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels of a daemon: see ports.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <hypercall/hypercall.h>

#include "log.h"
#include "ports.h"

int ports_open(struct ports *ports)
{
	memset(ports, 0, sizeof(*ports));
	ports->fd = hc_event_open();
	return ports->fd < 0 ? ports->fd : 0;
}

void ports_close(struct ports *ports)
{
	close(ports->fd);
	free(ports->owners);
}

/* Notes the owner of a port that was just bound, or closes it again. */
static int set_owner(struct ports *ports, int port, void *owner)
{
	if (port < 0)
		return port;
	if ((size_t)port >= ports->count) {
		size_t count = ((size_t)port + 64) & ~(size_t)63;
		void **owners = realloc(ports->owners, count * sizeof(*owners));

		if (!owners) {
			hc_event_unbind(ports->fd, port);
			return -ENOMEM;
		}
		memset(owners + ports->count, 0, (count - ports->count) * sizeof(*owners));
		ports->owners = owners;
		ports->count = count;
	}
	ports->owners[port] = owner;
	return port;
}

int ports_bind(struct ports *ports, uint16_t domid, uint32_t remote_port, void *owner)
{
	return set_owner(ports, hc_event_bind_interdomain(ports->fd, domid, remote_port), owner);
}

int ports_bind_virq(struct ports *ports, uint32_t virq, void *owner)
{
	return set_owner(ports, hc_event_bind_virq(ports->fd, virq), owner);
}

void ports_unbind(struct ports *ports, uint32_t port)
{
	hc_event_unbind(ports->fd, port);
	ports->owners[port] = NULL;
}

void ports_notify(struct ports *ports, uint32_t port)
{
	hc_event_notify(ports->fd, port);
}

void ports_unmask(struct ports *ports, uint32_t port)
{
	hc_event_unmask(ports->fd, port);
}

void *ports_next(struct ports *ports)
{
	uint32_t port;
	int rc;

	while ((rc = hc_event_pending(ports->fd, &port, 1)) > 0) {
		/* A port that was just unbound may still be on its way. */
		if (port < ports->count && ports->owners[port])
			return ports->owners[port];
	}
	if (rc < 0)
		log_error("event channels: %s", strerror(-rc));
	return NULL;
}
