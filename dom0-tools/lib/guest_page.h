/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two pages that every guest shares with the daemons from its first
 * moment: of the store and of the console.  Their grants are made by whoever
 * builds the domain, under reserved references; where that was not done they
 * are mapped by their frame number.
 */
#ifndef TENON_GUEST_PAGE_H
#define TENON_GUEST_PAGE_H

#include <stdbool.h>
#include <stdint.h>

struct hc_handle;

enum guest_page_kind {
	GUEST_PAGE_CONSOLE,
	GUEST_PAGE_STORE,
};

struct guest_page {
	void *address;		/* 4096 bytes, mapped read-write; the guest may change them any time */
	bool granted;
};

/*
 * grants: a descriptor of hc_grant_open().  mfn 0: only by grant.  0 or a
 * negative errno of the last way tried.
 */
int guest_page_map(struct hc_handle *handle, int grants, uint16_t domid,
		   enum guest_page_kind kind, uint64_t mfn, struct guest_page *page);
void guest_page_unmap(int grants, struct guest_page *page);

#endif
