/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exercises the library in a running management domain: hypercalls with and
 * without kernel buffers, events, grants and shares with itself as the peer,
 * foreign mappings with frames that exist and that do not. Prints one line a
 * check, and exits with 0 when none failed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hypercall/event.h>
#include <hypercall/hypercall.h>
#include <hypercall/memory.h>
#include <hypercall/version.h>

#define US 0	/* The domain this runs in. */

static int failures;

static bool check(bool good, const char *what, int code)
{
	printf("%s: %s (%d)\n", good ? "success" : "failure", what, code);
	failures += !good;
	return good;
}

static void try_hypercalls(struct hc_handle *handle, const char *kind)
{
	char extra[HC_EXTRAVERSION_LEN] = "";
	uint64_t arguments[5] = { HC_VERSION_PAGESIZE };
	void *small, *large;
	int code;

	printf("with %s:\n", kind);
	code = hc_version(handle, HC_VERSION_VERSION, NULL, 0);
	check(code > 0, "version", code);
	code = hc_version(handle, HC_VERSION_EXTRAVERSION, extra, sizeof(extra));
	check(code >= 0 && memchr(extra, '\0', sizeof(extra)), "extra version", code);
	code = hc_call(handle, HC_NR_XEN_VERSION, arguments);
	check(code == HC_PAGE_SIZE, "page size", code);
	code = hc_call(handle, HC_NR_MAX - 1, arguments);
	check(code == -ENOSYS, "unknown hypercall", code);
	code = hc_buffer_alloc(handle, 1, &small);
	check(code == 0 && *(char *)small == 0, "small buffer", code);
	code = hc_buffer_alloc(handle, 1 << 20, &large);
	check(code == 0 && ((char *)large)[(1 << 20) - 1] == 0, "large buffer", code);
	hc_buffer_free(handle, large, 1 << 20);
	hc_buffer_free(handle, small, 1);
}

/* Frames of the machine-to-physical table: known to exist, readable by a privileged domain. */
static void try_foreign(struct hc_handle *handle)
{
	struct hc_machphys_mfn_list list = { .max_extents = 1 };
	uint64_t arguments[5] = { HC_MEM_MACHPHYS_MFN_LIST }, frames[3], *frame;
	volatile uint64_t first = 0;
	void *buffer, *mapped;
	int errors[3], code;

	if (!check(hc_buffer_alloc(handle, HC_PAGE_SIZE, &buffer) == 0, "buffer", 0))
		return;
	frame = buffer;
	list.extent_start = (uintptr_t)frame;
	code = hc_call_data(handle, HC_NR_MEMORY_OP, arguments, 1, &list, sizeof(list));
	if (!check(code == 0 && list.nr_extents == 1, "list of frames", code))
		return;
	frames[0] = *frame;
	frames[1] = 1ULL << 39;
	frames[2] = *frame + 1;
	hc_buffer_free(handle, buffer, HC_PAGE_SIZE);

	code = hc_foreign_map(handle, HC_DOMID_XEN, frames, 1, PROT_READ, NULL, &mapped);
	if (check(code == 0, "foreign map", code)) {
		first = *(volatile uint64_t *)mapped;
		hc_foreign_unmap(mapped, 1);
	}
	code = hc_foreign_map(handle, HC_DOMID_XEN, frames, 3, PROT_READ, NULL, &mapped);
	check(code < 0, "foreign map with a bad frame", code);
	code = hc_foreign_map(handle, HC_DOMID_XEN, frames, 3, PROT_READ, errors, &mapped);
	if (check(code == 0, "the same, page by page", code)) {
		check(errors[0] == 0 && errors[1] < 0 && errors[2] == 0, "errors of pages",
		      errors[1]);
		check(*(volatile uint64_t *)mapped == first, "the same page twice", 0);
		hc_foreign_unmap(mapped, 3);
	}
	code = hc_foreign_map(handle, 1234, frames, 1, PROT_READ, NULL, &mapped);
	check(code < 0, "foreign map of no domain", code);
}

/* Waits for an event at the port; returns whether it came. */
static bool wait_event(int fd, uint32_t port)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint32_t got = 0;

	return poll(&wait, 1, 5000) == 1 && hc_event_pending(fd, &got, 1) == 1 && got == port;
}

static void try_events(void)
{
	int fd = hc_event_open(), port, peer, code;
	uint32_t none;

	if (!check(fd >= 0, "event open", fd))
		return;
	port = hc_event_bind_unbound(fd, US);
	check(port > 0, "bind unbound", port);
	peer = hc_event_bind_interdomain(fd, US, (uint32_t)port);
	check(peer > 0, "bind interdomain", peer);
	/* A fresh end is pending once, so that nothing sent before is lost. */
	while (hc_event_pending(fd, &none, 1) == 1)
		hc_event_unmask(fd, none);
	code = hc_event_notify(fd, (uint32_t)peer);
	check(code == 0 && wait_event(fd, (uint32_t)port), "notify", code);
	hc_event_notify(fd, (uint32_t)peer);
	check(hc_event_pending(fd, &none, 1) == 0, "masked until unmasked", 0);
	code = hc_event_unmask(fd, (uint32_t)port);
	check(code == 0 && wait_event(fd, (uint32_t)port), "unmask", code);
	code = hc_event_unbind(fd, (uint32_t)peer);
	check(code == 0, "unbind", code);
	code = hc_event_notify(fd, (uint32_t)peer);
	check(code == -ENOTCONN, "notify after unbind", code);
	code = hc_event_bind_virq(fd, HC_VIRQ_DEBUG);
	check(code > 0, "bind virtual interrupt", code);
	code = hc_event_bind_interdomain(fd, 1234, 1);
	check(code == -ESRCH || code == -EINVAL, "bind to no domain", code);
	close(fd);
}

/* The peer of a share: maps it by its references, and sees what was written. */
static void try_grants(const struct hc_share *share, const uint32_t *refs, int port)
{
	int fd = hc_grant_open(), code;
	void *mapped;

	if (!check(fd >= 0, "grant open", fd))
		return;
	code = hc_grant_map(fd, US, refs, share->count, PROT_READ | PROT_WRITE, &mapped);
	if (!check(code == 0, "grant map", code))
		goto out_close;
	check(!strcmp(mapped, "shared") && !strcmp((char *)mapped + HC_PAGE_SIZE, "too"),
	      "grant read", 0);
	strcpy(mapped, "answer");
	check(!strcmp(share->address, "answer"), "grant write", 0);
	code = hc_grant_notify(fd, mapped, (int32_t)(share->count * HC_PAGE_SIZE), 0);
	check(code == -EINVAL, "notify beyond the end", code);
	code = hc_grant_notify(fd, mapped, 5, (uint32_t)port);
	check(code == 0, "grant notify", code);
	code = hc_grant_unmap(fd, mapped, 1);
	check(code == -EINVAL, "unmap of a part", code);
	code = hc_grant_unmap(fd, mapped, share->count);
	check(code == 0, "grant unmap", code);
	check(!strcmp(share->address, "answe"), "byte cleared by unmap", 0);
	code = hc_grant_map(fd, US, &(uint32_t){ 0xffff }, 1, PROT_READ, &mapped);
	check(code < 0, "map of no grant", code);
out_close:
	close(fd);
}

static void try_shares(void)
{
	int fd = hc_share_open(), events = hc_event_open(), port, peer, code;
	struct hc_share share;
	uint32_t refs[2], none;

	if (!check(fd >= 0 && events >= 0, "share open", fd))
		return;
	port = hc_event_bind_unbound(events, US);
	peer = hc_event_bind_interdomain(events, US, (uint32_t)port);
	while (hc_event_pending(events, &none, 1) == 1)
		hc_event_unmask(events, none);
	code = hc_share_alloc(fd, US, 2, 1, refs, &share);
	if (!check(code == 0 && refs[0] && refs[0] != refs[1], "share alloc", code))
		return;
	strcpy(share.address, "shared");
	strcpy((char *)share.address + HC_PAGE_SIZE, "too");
	try_grants(&share, refs, peer);
	check(wait_event(events, (uint32_t)port), "event sent by unmap", 0);
	code = hc_share_free(fd, &share);
	check(code == 0, "share free", code);
	close(events);
	close(fd);
}

int main(void)
{
	struct hc_handle *handle;
	int code = hc_open(&handle);

	if (!check(code == 0, "open", code))
		return 1;
	try_hypercalls(handle, "kernel buffers");
	try_foreign(handle);
	hc_close(handle);

	code = hc_open_from(open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC), -1, &handle);
	if (check(code == 0, "open without buffers", code)) {
		try_hypercalls(handle, "locked memory");
		hc_close(handle);
	}
	try_events();
	try_shares();
	printf("%d failed\n", failures);
	return failures ? 1 : 0;
}
