/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest publishes about itself (hypercall/symspy.h), as JSON.
 */
#ifndef TENOND_SYMSPY_H
#define TENOND_SYMSPY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct host;

/* Of a copied page; kind: HC_SYMSPY_KIND_*.  NULL: it is no such page. */
json_t *symspy_page_json(const void *page, uint16_t kind);
/*
 * {"published": false}, or true with "guest" and "vcpus", each null where the
 * kernel publishes nothing, or nothing that can be read.
 */
json_t *symspy_json(const struct host *host, uint16_t domid, unsigned int vcpus);

#endif
