/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disks that go with their guest to another host (tenon migrate --copy-storage), as files there. Until the guest
 * is that host's such a file has a second name, SOURCE.UUID.coming, by which whoever
 * cleans up knows that it is not somebody else's.
 */
#ifndef TENOND_COPIED_H
#define TENOND_COPIED_H

#include "config.h"
#include "error.h"
#include "host.h"
#include "record.h"

#include <jansson.h>
#include <stdbool.h>

/* Whether a disk goes with its guest: a file that the guest writes to. */
bool copied_goes(const struct disk_config *disk);

/* What is proposed: {TARGET: {"size": bytes of the disk, "used": bytes that its file takes here}}. */
json_t *copied_propose(const struct domain_config *config, const struct record *record);

/* On the other host, where coming is that proposal or NULL: whether a disk comes; what is in the way. */
bool copied_comes(json_t *coming, const struct disk_config *disk);
void copied_check(const struct host *host, const struct domain_config *config, json_t *coming,
		  struct errors *errors);

/* Make the files, of zeros. 0, or a negative errno and *error; then copied_remove() removes what was made. */
int copied_make(const struct domain_config *config, json_t *coming, struct error *error);

/* They are the guest's from now on. */
void copied_keep(const struct domain_config *config);

/* The guest has not come: remove them. Nothing is fine too. */
void copied_remove(const struct domain_config *config);

#endif
