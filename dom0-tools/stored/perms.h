/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Permissions of nodes: immutable lists, shared by reference count, since most
 * nodes have the same as their parent.  The first entry names the owner, who
 * may do everything, and what domains without an entry of their own may do.
 */
#ifndef STORED_PERMS_H
#define STORED_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_READ	1u
#define ACCESS_WRITE	2u
#define ACCESS_OWNER	4u	/* may change the permissions themselves */

struct perm {
	uint16_t domid;
	uint16_t access;	/* ACCESS_READ | ACCESS_WRITE */
};

struct perms {
	uint32_t refs;
	uint32_t count;		/* at least 1 */
	struct perm entry[];
};

/* Who asks: a domain, and the domain on whose behalf it may act. */
struct subject {
	uint16_t domid;
	uint16_t target;	/* equal to domid if there is none */
	bool privileged;	/* everything is allowed */
};

/* A copy of entries, with one reference; NULL: out of memory. */
struct perms *perms_new(const struct perm *entries, size_t count);
struct perms *perms_get(struct perms *perms);
void perms_put(struct perms *perms);

static inline uint16_t perms_owner(const struct perms *perms)
{
	return perms->entry[0].domid;
}

/* The ACCESS_ bits that a subject has. */
unsigned int perms_of(const struct perms *perms, const struct subject *subject);

/*
 * The permissions of a node made by a subject below one with these: the same,
 * but owned by the subject unless it is privileged.  A new reference.
 */
struct perms *perms_inherit(struct perms *parent, const struct subject *subject);

/* The list without a domain's entries, the owner's excepted; a new reference. */
struct perms *perms_without(struct perms *perms, uint16_t domid);

/* One entry in the protocol's text form, for example "b12".  -EINVAL: malformed. */
int perm_parse(const char *text, struct perm *perm);

/* Bytes written to text with the terminating zero; size 8 suffices. */
size_t perm_print(const struct perm *perm, char *text, size_t size);

#endif
