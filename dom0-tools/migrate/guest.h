/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's memory as its saver sees it: which frames it has, what they are
 * used as, and where it keeps what names machine frames.
 */
#ifndef MIGRATE_GUEST_H
#define MIGRATE_GUEST_H

#include <stdint.h>

#include <hypercall/hypercall.h>

#include "../build/error.h"
#include "table.h"

#define GUEST_LEVEL	7		/* uses[]: page table of this level, 0: none */
#define GUEST_PINNED	(1 << 3)	/* uses[]: kept pinned by the guest */

struct guest {
	struct hc_handle *handle;
	uint16_t domid;
	struct hc_control_info info;
	struct frame_list machine;	/* machine frame of each guest frame */
	struct frame_list guest;	/* guest frame of each machine frame */
	uint8_t *uses;			/* of each guest frame, machine.count of them */
	uint64_t pages;			/* populated guest frames */
	uint64_t *p2m;			/* guest frames of its p2m, in order; p2m_pages of them */
	uint64_t p2m_pages;
	struct build_error *error;
};

/*
 * Looks at all frames of the domain: machine, guest, uses and pages. 0, or a
 * negative errno with *error; guest_close() in either case. Of a guest that
 * runs it is a picture taken slowly. max_pages: what it could have had if it may have
 * less now, which is then what info says.
 */
int guest_open(struct guest *guest, struct hc_handle *handle, uint16_t domid, uint64_t max_pages,
	       struct build_error *error);

/* How large the guest says that its p2m is: p2m_pages. Errors as of guest_find_p2m(). */
int guest_size_p2m(struct guest *guest);

/*
 * Finds the p2m of a suspended guest, and checks that it names the same frames
 * as the hypervisor: -EPROTO where it does not, -EOPNOTSUPP where the guest does not say where it is.
 */
int guest_find_p2m(struct guest *guest);
void guest_close(struct guest *guest);

#endif
