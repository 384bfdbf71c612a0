/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libhypercall against a kernel played by this program: its ioctl(2) comes
 * here, is decoded as privcmd and the hypervisor would, and answered. Checks
 * what each wrapper passes, how it splits long work, and what it gives back.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include <hypercall/event.h>
#include <hypercall/hypercall.h>
#include <hypercall/memory.h>
#include <hypercall/vcpu.h>
#include <hypercall/version.h>

#define DOMID	7
#define PAGES	1000

static struct hc_handle *handle;

/* What the played hypervisor has, and what it saw. */
static struct {
	int result;			/* Given back instead of answering, when below 0. */
	unsigned int calls;
	unsigned int parts;		/* Calls that an operation of many parts takes, beside the last. */
	uint32_t cmd;			/* Of the last control or system call. */
	uint64_t populated, limit;
	struct hc_vcpu_guest_context context;
	struct hc_control_sched sched;
	unsigned char memory[PAGES][4096];
} host;

static int control_copy(struct hc_control *control)
{
	struct hc_control_copy *copy = &control->u.copy;
	const uint64_t *frames = (const uint64_t *)copy->list;
	unsigned char (*pages)[4096] = (void *)copy->buffer;
	uint32_t i, end = copy->count;

	if (host.parts) {
		host.parts--;
		end = copy->done + 10;
	}
	for (i = copy->done; i < end; i++) {
		assert_in_range(frames[i], 0, PAGES - 1);
		if (control->cmd == HC_CONTROL_COPY_FROM)
			memcpy(pages[i], host.memory[frames[i]], 4096);
		else if (copy->flags == HC_COPY_ZERO)
			memset(host.memory[frames[i]], 0, 4096);
		else
			memcpy(host.memory[frames[i]], pages[i], 4096);
	}
	copy->done = end;
	return end < copy->count ? -ERESTART : 0;
}

static int control_list(struct hc_control_frame_list *list)
{
	uint64_t *frames = (uint64_t *)list->buffer;

	for (list->count = 0; list->count < list->capacity && list->start < PAGES; list->count++)
		frames[list->count] = list->start++;
	list->next = list->start < PAGES ? list->start : 0;
	return 0;
}

static int answer_control(struct hc_control *control)
{
	assert_int_equal(control->version, HC_CONTROL_VERSION);
	assert_int_equal(control->pad[0] | control->pad[1] | control->pad[2], 0);
	host.cmd = control->cmd;
	switch (control->cmd) {
	case HC_CONTROL_CREATE:
		assert_int_equal(control->domid, 0xffff);
		assert_string_equal(control->u.create.name, "demo");
		control->domid = DOMID;
		return 0;
	case HC_CONTROL_DESTROY:
		return host.parts && host.parts-- ? -ERESTART : 0;
	case HC_CONTROL_INFO:
		if (control->u.info.flags == HC_INFO_NEXT)
			control->domid = DOMID;
		control->u.info.frames = 55;
		return 0;
	case HC_CONTROL_VCPU_GET_CONTEXT:
		memcpy((void *)control->u.vcpu_context.buffer, &host.context, sizeof(host.context));
		return 0;
	case HC_CONTROL_VCPU_SET_CONTEXT:
		memcpy(&host.context, (void *)control->u.vcpu_context.buffer, sizeof(host.context));
		return 0;
	case HC_CONTROL_VCPU_INFO:
		control->u.vcpu_info.cpu = control->u.vcpu_info.vcpu + 1;
		return 0;
	case HC_CONTROL_SCHED_SET:
		host.sched = control->u.sched;
		return 0;
	case HC_CONTROL_SCHED_GET:
		control->u.sched = host.sched;
		return 0;
	case HC_CONTROL_COPY_TO:
	case HC_CONTROL_COPY_FROM:
		return control_copy(control);
	case HC_CONTROL_FRAME_LIST:
		return control_list(&control->u.frame_list);
	default:
		return 0;
	}
}

static int answer_system(struct hc_system *system)
{
	struct hc_system_messages *messages = &system->u.messages;

	assert_int_equal(system->version, HC_CONTROL_VERSION);
	host.cmd = system->cmd;
	if (system->cmd == HC_SYSTEM_INFO)
		strcpy(system->u.info.version, "1.2.3");
	if (system->cmd == HC_SYSTEM_MESSAGES) {
		messages->from = 100;
		messages->count = 5;
		memcpy((void *)messages->buffer, "hello", 5);
	}
	return 0;
}

/* Gives out frames from populated on, until the limit. */
static int answer_populate(struct hc_memory_reservation *reservation)
{
	uint64_t *frames = (uint64_t *)reservation->extent_start, i;

	assert_int_equal(reservation->domid, DOMID);
	for (i = 0; i < reservation->nr_extents && host.populated < host.limit; i++) {
		assert_int_equal(frames[i], host.populated);
		frames[i] = 10 * host.populated++;
	}
	return (int)i;
}

static int answer_map(struct hc_foreign_memory_map *map)
{
	struct hc_e820_entry *entry = (void *)map->map.buffer;

	assert_int_equal(map->domid, DOMID);
	assert_int_equal(map->map.nr_entries, 1);
	assert_int_equal(entry->addr, 0);
	assert_int_equal(entry->size, 12345678);
	assert_int_equal(entry->type, HC_E820_RAM);
	return 0;
}

static int answer(uint64_t number, uint64_t *arguments)
{
	struct hc_evtchn_alloc_unbound *alloc;
	struct hc_mmuext_op *op;

	host.calls++;
	if (host.result < 0)
		return host.result;
	switch (number) {
	case HC_NR_DOMCTL:
		return answer_control((void *)arguments[0]);
	case HC_NR_SYSCTL:
		return answer_system((void *)arguments[0]);
	case HC_NR_MEMORY_OP:
		if (arguments[0] == HC_MEM_SET_MEMORY_MAP)
			return answer_map((void *)arguments[1]);
		assert_int_equal(arguments[0], HC_MEM_POPULATE_PHYSMAP);
		return answer_populate((void *)arguments[1]);
	case HC_NR_EVENT_CHANNEL_OP:
		assert_int_equal(arguments[0], HC_EVTCHNOP_ALLOC_UNBOUND);
		alloc = (void *)arguments[1];
		alloc->port = alloc->dom * 100u + alloc->remote_dom;
		return 0;
	case HC_NR_MMUEXT_OP:
		op = (void *)arguments[0];
		assert_int_equal(op->cmd, HC_MMUEXT_PIN_L4_TABLE);
		assert_int_equal(op->arg1.mfn, 1234);
		assert_int_equal(arguments[1], 1);
		assert_int_equal(arguments[3], DOMID);
		return 0;
	case HC_NR_XEN_VERSION:
		return 0x40011;
	default:
		return -ENOSYS;
	}
}

/* Stands before the C library's, also for the library under test. */
int ioctl(int fd, unsigned long request, ...)
{
	struct {
		uint64_t op;
		uint64_t arg[5];
	} *call;
	va_list arguments;
	int ret;

	(void)fd;
	va_start(arguments, request);
	call = va_arg(arguments, void *);
	va_end(arguments);
	/* privcmd and its call 0; above that is the size of the argument. */
	assert_int_equal(request & 0xffff, 'P' << 8);
	ret = answer(call->op, call->arg);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static size_t mapped;	/* bytes, by the library */

/* As ioctl() does. */
void *mmap(void *address, size_t size, int prot, int flags, int fd, off_t offset)
{
	mapped += size;
	return (void *)syscall(SYS_mmap, address, size, prot, flags, fd, offset);
}

static int setup(void **state)
{
	(void)state;
	return hc_open_from(open("/dev/null", O_RDWR | O_CLOEXEC), -1, &handle);
}

static int teardown(void **state)
{
	(void)state;
	hc_close(handle);
	return 0;
}

static int fresh_host(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	return 0;
}

static void controls_domains(void **state)
{
	struct hc_control_create create = { .name = "demo", .max_vcpus = 1 };
	struct hc_control_sched sched = { .weight = 300, .cap = 50 };
	struct hc_control_counters counters;
	struct hc_control_info info;
	char name[65];

	(void)state;
	assert_int_equal(hc_domain_create(handle, &create, 0xffff), DOMID);
	assert_int_equal(hc_domain_pause(handle, DOMID), 0);
	assert_int_equal(host.cmd, HC_CONTROL_PAUSE);
	assert_int_equal(hc_domain_unpause(handle, DOMID), 0);
	assert_int_equal(host.cmd, HC_CONTROL_UNPAUSE);
	assert_int_equal(hc_domain_shutdown(handle, DOMID, 1), 0);
	assert_int_equal(host.cmd, HC_CONTROL_SHUTDOWN);
	assert_int_equal(hc_domain_destroy(handle, DOMID), 0);
	assert_int_equal(host.cmd, HC_CONTROL_DESTROY);
	assert_int_equal(hc_domain_info(handle, DOMID, &info), 0);
	assert_int_equal(info.frames, 55);
	assert_int_equal(hc_domain_next(handle, 3, &info), DOMID);
	assert_int_equal(hc_domain_counters(handle, DOMID, &counters), 0);
	assert_int_equal(hc_domain_set_memory(handle, DOMID, 9), 0);
	assert_int_equal(hc_domain_set_ram(handle, DOMID, 12345678), 0);
	assert_int_equal(hc_domain_set_sched(handle, DOMID, &sched), 0);
	memset(&sched, 0, sizeof(sched));
	assert_int_equal(hc_domain_get_sched(handle, DOMID, &sched), 0);
	assert_int_equal(sched.weight, 300);
	assert_int_equal(sched.cap, 50);
	memset(name, 'x', 64);
	name[64] = '\0';
	assert_int_equal(hc_domain_rename(handle, DOMID, name), -ENAMETOOLONG);
	assert_int_equal(hc_domain_rename(handle, DOMID, name + 1), 0);
	assert_int_equal(hc_domain_alloc_port(handle, DOMID, 3), 703);
	assert_int_equal(hc_domain_pin_l4(handle, DOMID, 1234), 0);
	assert_int_equal(hc_domain_hypercall_page(handle, DOMID, 5), 0);
	assert_int_equal(host.cmd, HC_CONTROL_HYPERCALL_PAGE);
	assert_int_equal(hc_domain_grant_seed(handle, DOMID, 0, 0, 5), 0);
	assert_int_equal(host.cmd, HC_CONTROL_GRANT_SEED);
}

static void controls_vcpus(void **state)
{
	struct hc_vcpu_guest_context context = { .kernel_sp = 42 };
	struct hc_control_vcpu_info info = { .vcpu = 3 };

	(void)state;
	assert_int_equal(hc_vcpu_info(handle, DOMID, &info), 0);
	assert_int_equal(info.cpu, 4);
	assert_int_equal(hc_vcpu_set_affinity(handle, DOMID, 0, 3), 0);
	assert_int_equal(hc_vcpu_set_context(handle, DOMID, 0, &context), 0);
	context.kernel_sp = 0;
	assert_int_equal(hc_vcpu_get_context(handle, DOMID, 0, &context), 0);
	assert_int_equal(context.kernel_sp, 42);
}

static void asks_the_host(void **state)
{
	struct hc_system_info info;
	struct hc_system_cpu_info cpu = { .cpu = 0 };
	uint64_t from = 7;
	char text[16] = "";

	(void)state;
	assert_int_equal(hc_version(handle, HC_VERSION_VERSION, NULL, 0), 0x40011);
	assert_int_equal(hc_system_info(handle, &info), 0);
	assert_string_equal(info.version, "1.2.3");
	assert_int_equal(hc_system_cpu_info(handle, &cpu), 0);
	assert_int_equal(hc_system_debug_key(handle, 'h'), 0);
	assert_int_equal(hc_system_messages(handle, &from, text, sizeof(text), 0), 5);
	assert_int_equal(from, 100);
	assert_string_equal(text, "hello");
	assert_int_equal(hc_system_messages(handle, &from, text, 0, 0), -EINVAL);
	/* More than was asked for cannot be: the buffer is that large only. */
	assert_int_equal(hc_system_messages(handle, &from, text, 4, 0), -EPROTO);
}

static void gives_memory_in_pieces(void **state)
{
	static uint64_t frames[40000];
	size_t i;

	(void)state;
	for (i = 0; i < 40000; i++)
		frames[i] = i;
	host.limit = 40000;
	assert_int_equal(hc_domain_populate(handle, DOMID, frames, 40000, 0), 40000);
	assert_int_equal(host.calls, 40);
	for (i = 0; i < 40000; i++)
		assert_int_equal(frames[i], i * 10);

	/* Memory runs out within a piece. */
	fresh_host(state);
	for (i = 0; i < 40000; i++)
		frames[i] = i;
	host.limit = 20000;
	assert_int_equal(hc_domain_populate(handle, DOMID, frames, 40000, 0), 20000);
	assert_int_equal(host.calls, 20);
	assert_int_equal(frames[19999], 199990);
	assert_int_equal(frames[20000], 20000);
	host.result = -ENOMEM;
	assert_int_equal(hc_domain_populate(handle, DOMID, frames, 10, 0), -ENOMEM);

	/* Large extents are fewer a piece, down to one. */
	fresh_host(state);
	for (i = 0; i < 130; i++)
		frames[i] = i;
	host.limit = 200;
	assert_int_equal(hc_domain_populate(handle, DOMID, frames, 130, 9), 130);
	assert_int_equal(host.calls, 17);
	for (i = 0; i < 2; i++)
		frames[i] = 130 + i;
	assert_int_equal(hc_domain_populate(handle, DOMID, frames, 2, 18), 2);
	assert_int_equal(host.calls, 19);
}

static void copies_pages_in_pieces(void **state)
{
	static unsigned char data[PAGES][4096], back[PAGES][4096];
	uint64_t frames[PAGES];
	size_t i;

	(void)state;
	for (i = 0; i < PAGES; i++) {
		frames[i] = PAGES - 1 - i;
		memset(data[i], (int)(i * 31 + 1), 4096);
	}
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, PAGES, data), 0);
	assert_int_equal(host.calls, 4);
	assert_memory_equal(host.memory[0], data[PAGES - 1], 4096);
	assert_int_equal(hc_domain_copy_from(handle, DOMID, frames, PAGES, back), 0);
	assert_memory_equal(back, data, sizeof(data));
	assert_int_equal(hc_domain_clear(handle, DOMID, frames, 300), 0);
	assert_int_equal(host.memory[PAGES - 1][7], 0);
	assert_memory_equal(host.memory[0], data[PAGES - 1], 4096);
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, 0, data), 0);
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, 1, NULL), -EFAULT);
	host.result = -EBUSY;
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, PAGES, data), -EBUSY);
}

static void writes_pages_in_place(void **state)
{
	struct { unsigned char data[3][4096]; uint64_t frames[3]; } *buffer;

	(void)state;
	assert_int_equal(hc_buffer_alloc(handle, sizeof(*buffer), (void **)&buffer), 0);
	memset(buffer->data, 0x5a, sizeof(buffer->data));
	for (size_t i = 0; i < 3; i++)
		buffer->frames[i] = 7 - 2 * i;
	assert_int_equal(hc_domain_pause(handle, DOMID), 0);
	mapped = 0;
	host.calls = 0;
	assert_int_equal(hc_domain_write(handle, DOMID, buffer->frames, 3, buffer->data), 0);
	assert_int_equal(host.calls, 1);
	assert_int_equal(mapped, 0);
	assert_memory_equal(host.memory[3], buffer->data, 4096);
	assert_int_equal(hc_domain_write(handle, DOMID, buffer->frames, 1, NULL), 0);
	assert_int_equal(host.memory[7][4095], 0);
	assert_int_equal(host.memory[5][4095], 0x5a);
	assert_int_equal(hc_domain_write(handle, DOMID, buffer->frames, 0, buffer->data), 0);
	host.result = -EBUSY;
	assert_int_equal(hc_domain_write(handle, DOMID, buffer->frames, 1, NULL), -EBUSY);
	hc_buffer_free(handle, buffer, sizeof(*buffer));
}

/* Pages of a buffer are dear: there are as many as what goes through it needs. */
static void maps_what_it_needs(void **state)
{
	static unsigned char data[600][4096];
	uint64_t frames[600];
	size_t i;

	(void)state;
	for (i = 0; i < 600; i++)
		frames[i] = i;
	/* One page that is kept, for the call itself. */
	assert_int_equal(hc_domain_pause(handle, DOMID), 0);
	mapped = 0;
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, 1, data), 0);
	assert_int_equal(mapped, 2 * 4096);
	mapped = 0;
	assert_int_equal(hc_domain_copy_from(handle, DOMID, frames, 16, data), 0);
	assert_int_equal(mapped, 17 * 4096);
	mapped = 0;
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, 600, data), 0);
	assert_int_equal(mapped, 257 * 4096);
	/* The list of frames alone, and the large extents of a small domain: a page, kept. */
	mapped = 0;
	assert_int_equal(hc_domain_clear(handle, DOMID, frames, 600), 0);
	host.limit = 16;
	assert_int_equal(hc_domain_populate(handle, DOMID, frames, 16, 9), 16);
	assert_in_range(mapped, 0, 4096);
}

/* What the hypervisor does in parts is one call to the program. */
static void repeats_until_all_parts_are_done(void **state)
{
	static unsigned char data[100][4096];
	uint64_t frames[100];
	size_t i;

	(void)state;
	host.parts = 5;
	assert_int_equal(hc_domain_destroy(handle, DOMID), 0);
	assert_int_equal(host.calls, 6);

	for (i = 0; i < 100; i++) {
		frames[i] = i;
		memset(data[i], (int)i + 1, 4096);
	}
	fresh_host(state);
	host.parts = 3;
	assert_int_equal(hc_domain_copy_to(handle, DOMID, frames, 100, data), 0);
	assert_int_equal(host.calls, 4);
	assert_memory_equal(host.memory, data, sizeof(data));
	host.result = -ESRCH;
	assert_int_equal(hc_domain_destroy(handle, DOMID), -ESRCH);
}

static void lists_frames(void **state)
{
	uint64_t frames[300], start = 0, seen = 0;
	int n, i;

	(void)state;
	do {
		n = hc_domain_frames(handle, DOMID, frames, 300, &start);
		assert_true(n > 0);
		for (i = 0; i < n; i++)
			assert_int_equal(frames[i], seen++);
	} while (start);
	assert_int_equal(seen, PAGES);
	assert_int_equal(hc_domain_frames(handle, DOMID, frames, 0, &start), -EINVAL);
}

static void passes_errors_on(void **state)
{
	struct hc_control_info info = { .frames = 1 };

	(void)state;
	host.result = -ESRCH;
	assert_int_equal(hc_domain_info(handle, DOMID, &info), -ESRCH);
	assert_int_equal(info.frames, 1);
	assert_int_equal(hc_domain_next(handle, 0, &info), -ESRCH);
	host.result = -EACCES;
	assert_int_equal(hc_domain_pause(handle, DOMID), -EACCES);
	assert_int_equal(hc_domain_alloc_port(handle, DOMID, 0), -EACCES);
}

static void keeps_buffers_apart(void **state)
{
	void *buffers[10], *again;
	int i, j;

	(void)state;
	for (i = 0; i < 10; i++) {
		assert_int_equal(hc_buffer_alloc(handle, 100, &buffers[i]), 0);
		for (j = 0; j < i; j++)
			assert_ptr_not_equal(buffers[i], buffers[j]);
		memset(buffers[i], 0xff, 4096);
	}
	for (i = 0; i < 10; i++)
		hc_buffer_free(handle, buffers[i], 100);
	/* What was used before comes back clean. */
	assert_int_equal(hc_buffer_alloc(handle, 4096, &again), 0);
	assert_int_equal(((unsigned char *)again)[4095], 0);
	hc_buffer_free(handle, again, 4096);
	assert_int_equal(hc_buffer_alloc(handle, 0, &again), -EINVAL);
	assert_int_equal(hc_buffer_alloc(handle, SIZE_MAX, &again), -EINVAL);
	hc_buffer_free(handle, NULL, 4096);
	assert_int_equal(hc_open_from(-1, -1, &handle), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(controls_domains, fresh_host),
		cmocka_unit_test_setup(controls_vcpus, fresh_host),
		cmocka_unit_test_setup(asks_the_host, fresh_host),
		cmocka_unit_test_setup(gives_memory_in_pieces, fresh_host),
		cmocka_unit_test_setup(copies_pages_in_pieces, fresh_host),
		cmocka_unit_test_setup(writes_pages_in_place, fresh_host),
		cmocka_unit_test_setup(maps_what_it_needs, fresh_host),
		cmocka_unit_test_setup(repeats_until_all_parts_are_done, fresh_host),
		cmocka_unit_test_setup(lists_frames, fresh_host),
		cmocka_unit_test_setup(passes_errors_on, fresh_host),
		cmocka_unit_test_setup(keeps_buffers_apart, fresh_host),
	};

	return cmocka_run_group_tests_name("hypercall", tests, setup, teardown);
}
