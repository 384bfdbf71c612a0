/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Permissions of nodes: see perms.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hypercall/base.h>

#include "perms.h"

struct perms *perms_new(const struct perm *entries, size_t count)
{
	struct perms *perms = malloc(sizeof(*perms) + count * sizeof(*entries));

	if (!perms)
		return NULL;
	perms->refs = 1;
	perms->count = count;
	memcpy(perms->entry, entries, count * sizeof(*entries));
	return perms;
}

struct perms *perms_get(struct perms *perms)
{
	perms->refs++;
	return perms;
}

void perms_put(struct perms *perms)
{
	if (perms && !--perms->refs)
		free(perms);
}

static unsigned int access_of(const struct perms *perms, uint16_t domid)
{
	if (perms_owner(perms) == domid)
		return ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;
	for (uint32_t i = 1; i < perms->count; i++)
		if (perms->entry[i].domid == domid)
			return perms->entry[i].access;
	return perms->entry[0].access;
}

unsigned int perms_of(const struct perms *perms, const struct subject *subject)
{
	unsigned int access;

	if (subject->privileged)
		return ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER;
	access = access_of(perms, subject->domid);
	if (subject->target != subject->domid)
		access |= access_of(perms, subject->target);
	return access;
}

struct perms *perms_inherit(struct perms *parent, const struct subject *subject)
{
	struct perms *perms;

	if (subject->privileged || perms_owner(parent) == subject->domid)
		return perms_get(parent);
	perms = perms_new(parent->entry, parent->count);
	if (perms)
		perms->entry[0].domid = subject->domid;
	return perms;
}

struct perms *perms_without(struct perms *perms, uint16_t domid)
{
	struct perms *less;
	uint32_t keep = 1;

	less = perms_new(perms->entry, perms->count);
	if (!less)
		return NULL;
	for (uint32_t i = 1; i < perms->count; i++)
		if (perms->entry[i].domid != domid)
			less->entry[keep++] = perms->entry[i];
	less->count = keep;
	return less;
}

int perm_parse(const char *text, struct perm *perm)
{
	static const char letters[] = "nrwb";
	const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
	unsigned long domid;
	char *end;

	if (!letter || text[1] < '0' || text[1] > '9')
		return -EINVAL;
	errno = 0;
	domid = strtoul(text + 1, &end, 10);
	if (errno || *end || domid >= HC_DOMID_FIRST_RESERVED)
		return -EINVAL;
	perm->access = letter - letters;
	perm->domid = domid;
	return 0;
}

size_t perm_print(const struct perm *perm, char *text, size_t size)
{
	return snprintf(text, size, "%c%u", "nrwb"[perm->access & 3], perm->domid) + 1;
}
