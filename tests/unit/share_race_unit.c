// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Event channels and grants under contention: threads are vcpus of one domain
 * that do random things to the same few ports, references and handles.  Proof:
 * nothing hangs or breaks an invariant, and at the end nothing is left over.
 */
#include "share_world.h"

#include <hypercall/event.h>
#include <hypercall/grant.h>
#include <pthread.h>

#define THREADS 4
#define ROUNDS 30000
#define PORTS 24
#define REFS 6
#define VA 0x100000UL

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state >> 16;
}

static void run_threads(void *(*fn)(void *))
{
	static const uint64_t seeds[THREADS] = { 0x1234567, 0x89abcdef1, 0x55555aaaa, 0x777712 };
	pthread_t thread[THREADS];

	world.threads = true;
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, fn, (void *)seeds[i]), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], NULL), 0);
	world.threads = false;
}

static void event_step(uint64_t r)
{
	struct hc_evtchn_alloc_unbound unbound = { HC_DOMID_SELF, HC_DOMID_SELF, 0 };
	struct hc_evtchn_bind_interdomain join = {
		.remote_dom = HC_DOMID_SELF, .remote_port = r / 16 % PORTS,
	};
	struct hc_evtchn_bind_ipi ipi = { .vcpu = r / 16 % WORLD_VCPUS };
	struct hc_evtchn_send port = { .port = r / 16 % PORTS };
	struct hc_evtchn_status status = { .dom = HC_DOMID_SELF, .port = r / 16 % PORTS };
	struct hc_evtchn_bind_vcpu move = { r / 16 % PORTS, r / 1024 % WORLD_VCPUS };
	struct hc_evtchn_set_priority priority = { r / 16 % PORTS, r / 1024 % 16 };
	struct hc_evtchn_reset reset = { HC_DOMID_SELF };

	switch (r % 16) {
	case 0:
		world_event_op(HC_EVTCHNOP_ALLOC_UNBOUND, &unbound);
		break;
	case 1:
	case 2:
		world_event_op(HC_EVTCHNOP_BIND_INTERDOMAIN, &join);
		break;
	case 3:
		world_event_op(HC_EVTCHNOP_BIND_IPI, &ipi);
		break;
	case 4:
	case 5:
		world_event_op(HC_EVTCHNOP_CLOSE, &port);
		break;
	case 6:
		world_event_op(HC_EVTCHNOP_STATUS, &status);
		break;
	case 7:
		world_event_op(HC_EVTCHNOP_BIND_VCPU, &move);
		break;
	case 8:
		world_event_op(HC_EVTCHNOP_SET_PRIORITY, &priority);
		break;
	case 9:
		world_event_op(HC_EVTCHNOP_UNMASK, &port);
		break;
	case 10:
		event_port_pending(current->domain, port.port);
		break;
	case 11:
		if (r % 1024 < 16)
			world_event_op(HC_EVTCHNOP_RESET, &reset);
		break;
	default:
		world_event_op(HC_EVTCHNOP_SEND, &port);
	}
}

static void *event_thread(void *arg)
{
	uint64_t state = (uint64_t)arg;

	for (unsigned int i = 0; i < ROUNDS; i++)
		event_step(next_random(&state));
	return NULL;
}

static void bitmaps(void **state)
{
	(void)state;
	run_threads(event_thread);
}

static mfn_t fifo_control, fifo_array;

/* After a reset by any thread, somebody switches back to FIFO. */
static void *fifo_thread(void *arg)
{
	struct hc_evtchn_init_control control = { .control_gfn = fifo_control };
	struct hc_evtchn_expand_array expand = { .array_gfn = fifo_array };
	uint64_t state = (uint64_t)arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t r = next_random(&state);

		if (r % 256 == 0) {
			control.vcpu = r / 256 % WORLD_VCPUS;
			control.offset = control.vcpu * 256;
			world_event_op(HC_EVTCHNOP_INIT_CONTROL, &control);
		} else if (r % 256 == 1) {
			world_event_op(HC_EVTCHNOP_EXPAND_ARRAY, &expand);
		} else if (r % 8 == 2) {
			uint32_t *word = (uint32_t *)mfn_to_virt(fifo_array) + r / 256 % PORTS;

			__atomic_store_n(word, r / 4096 % 2 ? 0 : r / 8192, __ATOMIC_RELAXED);
		} else {
			event_step(r / 256);
		}
	}
	return NULL;
}

static void queues(void **state)
{
	(void)state;
	fifo_control = world_frame_of(0);
	fifo_array = world_frame_of(0);
	run_threads(fifo_thread);
}

#define SWITCHES 200
#define SWITCH_PORTS 2000

static uint32_t switch_first;
static unsigned int switch_start;	/* both threads wait until both are there */

static void meet(void)
{
	__atomic_add_fetch(&switch_start, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&switch_start, __ATOMIC_SEQ_CST) % 2)
		cpu_relax_serving();
}

/* Against the order in which the other thread carries them over. */
static void *raise_all(void *arg)
{
	(void)arg;
	meet();
	for (unsigned int i = SWITCH_PORTS; i-- > 0; ) {
		struct hc_evtchn_send op = { .port = switch_first + i };

		world_event_op(HC_EVTCHNOP_SEND, &op);
	}
	return NULL;
}

static void *switch_form(void *arg)
{
	struct hc_evtchn_init_control control = { .control_gfn = fifo_control };

	(void)arg;
	meet();
	world_event_op(HC_EVTCHNOP_INIT_CONTROL, &control);
	return NULL;
}

static void forget_pending(void)
{
	struct hc_shared_info *shared = world.domain[0].shared_info;

	for (unsigned int i = 0; i < ARRAY_SIZE(shared->evtchn_pending); i++)
		shared->evtchn_pending[i] = 0;
}

static void take_ports(void)
{
	struct hc_evtchn_reset reset = { HC_DOMID_SELF };

	assert_int_equal(world_event_op(HC_EVTCHNOP_RESET, &reset), 0);
	forget_pending();
	for (unsigned int i = 0; i < SWITCH_PORTS; i++) {
		struct hc_evtchn_bind_ipi ipi = { .vcpu = 0 };

		assert_int_equal(world_event_op(HC_EVTCHNOP_BIND_IPI, &ipi), 0);
		if (!i)
			switch_first = ipi.port;
	}
}

/* Each port is raised once, while another vcpu changes to FIFO: in whatever form, none is lost. */
static void switching(void **state)
{
	pthread_t sender, switcher;

	(void)state;
	fifo_control = world_frame_of(0);
	for (unsigned int round = 0; round < SWITCHES; round++) {
		take_ports();
		world.threads = true;
		assert_int_equal(pthread_create(&sender, NULL, raise_all, NULL), 0);
		assert_int_equal(pthread_create(&switcher, NULL, switch_form, NULL), 0);
		assert_int_equal(pthread_join(sender, NULL), 0);
		assert_int_equal(pthread_join(switcher, NULL), 0);
		world.threads = false;
		assert_non_null(world.domain[0].event.fifo);
		for (unsigned int i = 0; i < SWITCH_PORTS; i++)
			assert_true(event_port_pending(&world.domain[0], switch_first + i));
	}
}

static struct hc_grant_entry_v1 *entries;
static mfn_t own_frame;

static void map_or_unmap(uint64_t r)
{
	struct hc_gnttab_map_grant_ref map = {
		.host_addr = VA + r / 16 % 64 * PAGE_SIZE, .dom = 1, .ref = r / 1024 % REFS,
		.flags = HC_GNTMAP_HOST_MAP | (r / 8192 % 2 ? HC_GNTMAP_READONLY : 0),
	};
	struct hc_gnttab_unmap_grant_ref unmap = {
		.host_addr = VA + r / 16 % 64 * PAGE_SIZE, .handle = r / 1024 % 64,
	};

	if (r & 1)
		world_grant_op(HC_GNTTABOP_MAP_GRANT_REF, &map, 1);
	else
		world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, &unmap, 1);
}

static void *grant_thread(void *arg)
{
	uint64_t state = (uint64_t)arg;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t r = next_random(&state);
		struct hc_gnttab_copy copy = {
			.source = { .u.ref = r / 16 % REFS, .domid = 1 },
			.dest = { .u.gmfn = own_frame, .domid = HC_DOMID_SELF, .offset = r % 64 * 8 },
			.len = 8, .flags = HC_GNTCOPY_SOURCE_GREF,
		};

		if (r % 8 == 0)
			world_grant_op(HC_GNTTABOP_COPY, &copy, 1);
		else if (r % 8 == 1)
			/* The granter takes back and gives again, as it may at any time. */
			__atomic_fetch_xor(&entries[r / 16 % REFS].flags, HC_GTF_READONLY,
					   __ATOMIC_RELAXED);
		else
			map_or_unmap(r / 8);
	}
	return NULL;
}

static void grants(void **state)
{
	mfn_t table;

	(void)state;
	assert_int_equal(grant_shared_frame(&world.domain[1], 0, &table), 0);
	entries = mfn_to_virt(table);
	own_frame = world_frame_of(0);
	for (unsigned int i = 0; i < REFS; i++)
		entries[i] = (struct hc_grant_entry_v1){
			.flags = HC_GTF_PERMIT_ACCESS, .domid = 0, .frame = world_frame_of(1),
		};
	run_threads(grant_thread);
	/* Undo what is mapped still: then no entry may say that it is used. */
	for (unsigned int handle = 0; handle < 512; handle++)
		for (unsigned int i = 0; i < 64; i++) {
			struct hc_gnttab_unmap_grant_ref op = {
				.host_addr = VA + i * PAGE_SIZE, .handle = handle,
			};

			assert_int_equal(world_grant_op(HC_GNTTABOP_UNMAP_GRANT_REF, &op, 1), 0);
		}
	for (unsigned int i = 0; i < REFS; i++)
		assert_int_equal(entries[i].flags & (HC_GTF_READING | HC_GTF_WRITING), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bitmaps),
		TEST(queues),
		TEST(switching),
		TEST(grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
