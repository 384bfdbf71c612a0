// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads symspy's pages.  They are the guest's: whatever is in one is copied before it is looked at, and a
 * page of nonsense is a page that is not there.
 */
#include "symspy.h"
#include "host.h"

#include <hypercall/extension.h>
#include <hypercall/hypercall.h>
#include <hypercall/symspy.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#define ATTEMPTS	16	/* to copy while the guest does not write; its writing takes a microsecond */
#define TEXT_MAX	64

struct name {
	uint16_t number;
	const char *name;
};

static const struct name vcpu_names[] = {
	{ HC_SYMSPY_RUNNING_PID, "running_pid" }, { HC_SYMSPY_PID, "pid" }, { HC_SYMSPY_COMM, "comm" },
	{ HC_SYMSPY_ADDRESS_SPACE, "address_space" }, { HC_SYMSPY_RUNNABLE, "runnable" },
	{ HC_SYMSPY_SWITCHES, "switches" }, { HC_SYMSPY_TICK_TIME, "tick_time_ns" }, { 0, NULL },
};

static const struct name guest_names[] = {
	{ HC_SYMSPY_UPDATED, "updated_ns" }, { HC_SYMSPY_MEMORY_TOTAL, "memory_total" },
	{ HC_SYMSPY_MEMORY_FREE, "memory_free" }, { HC_SYMSPY_MEMORY_CACHE, "memory_cache" },
	{ HC_SYMSPY_MEMORY_ANON, "memory_anon" }, { HC_SYMSPY_SWAP_IN_RATE, "swap_in_rate" },
	{ HC_SYMSPY_SWAP_OUT_RATE, "swap_out_rate" }, { HC_SYMSPY_BLOCK_QUEUE, "block_queue" },
	{ HC_SYMSPY_NET_QUEUE, "net_queue" }, { HC_SYMSPY_CPU_SOME, "pressure_cpu_some" },
	{ HC_SYMSPY_MEMORY_SOME, "pressure_memory_some" }, { HC_SYMSPY_MEMORY_FULL, "pressure_memory_full" },
	{ HC_SYMSPY_IO_SOME, "pressure_io_some" }, { HC_SYMSPY_IO_FULL, "pressure_io_full" }, { 0, NULL },
};

static const char *name_of(uint16_t kind, uint16_t number)
{
	for (const struct name *n = kind == HC_SYMSPY_KIND_VCPU ? vcpu_names : guest_names; n->name; n++)
		if (n->number == number)
			return n->name;
	return NULL;
}

/* A task gives itself any name, in any encoding: what is not printable ASCII becomes a question mark. */
static json_t *text_json(const char *bytes, size_t size)
{
	char text[TEXT_MAX];
	size_t i;

	for (i = 0; i < size && i < sizeof(text) - 1 && bytes[i]; i++)
		text[i] = bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?';
	text[i] = '\0';
	return json_string(text);
}

static json_t *value_json(const char *page, const struct hc_symspy_field *field)
{
	uint64_t number = 0;

	if (field->size > HC_PAGE_SIZE || field->offset > HC_PAGE_SIZE - field->size)
		return NULL;
	if (field->size != 4 && field->size != 8)
		return text_json(page + field->offset, field->size);
	memcpy(&number, page + field->offset, field->size);
	/* JSON's readers have signed numbers; nothing that is true is as large. */
	return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

json_t *symspy_page_json(const void *page, uint16_t kind)
{
	struct hc_symspy_header header;
	struct hc_symspy_field field;
	json_t *json;

	memcpy(&header, page, sizeof(header));
	if (header.magic != HC_SYMSPY_MAGIC || header.version != HC_SYMSPY_VERSION || header.kind != kind ||
	    header.table > HC_PAGE_SIZE || header.fields > (HC_PAGE_SIZE - header.table) / sizeof(field))
		return NULL;
	json = json_object();
	for (unsigned int i = 0; i < header.fields; i++) {
		const char *name;
		json_t *value;

		memcpy(&field, (const char *)page + header.table + i * sizeof(field), sizeof(field));
		name = name_of(kind, field.number);
		value = name ? value_json(page, &field) : NULL;
		if (value)
			json_object_set_new(json, name, value);
	}
	return json;
}

/* Copies the page while the guest does not write to it; false: it never stopped doing so. */
static bool copy_page(const void *shared, void *copy)
{
	const volatile uint32_t *seq = &((const struct hc_symspy_header *)shared)->seq;

	for (unsigned int i = 0; i < ATTEMPTS; i++) {
		uint32_t before = __atomic_load_n(seq, __ATOMIC_ACQUIRE);

		memcpy(copy, shared, HC_PAGE_SIZE);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (!(before & 1) && __atomic_load_n(seq, __ATOMIC_RELAXED) == before)
			return true;
	}
	return false;
}

static json_t *read_place(const struct host *host, uint16_t domid, uint32_t vcpu)
{
	char copy[HC_PAGE_SIZE] __attribute__((aligned(8)));
	json_t *json = NULL;
	void *shared;
	uint64_t mfn;

	if (hc_domain_symspy(host->hv, domid, vcpu, &mfn) < 0 ||
	    hc_foreign_map(host->hv, domid, &mfn, 1, PROT_READ, NULL, &shared) < 0)
		return json_null();
	if (copy_page(shared, copy))
		json = symspy_page_json(copy, vcpu == HC_EXTENSION_SYMSPY_GUEST ? HC_SYMSPY_KIND_GUEST :
				HC_SYMSPY_KIND_VCPU);
	hc_foreign_unmap(shared, 1);
	return json ? json : json_null();
}

/* What follows from the rest, so that no reader has to know the rules. */
static void interpret_vcpu(json_t *vcpu)
{
	json_t *running = json_object_get(vcpu, "running_pid");
	bool idle = running && !json_integer_value(running);

	if (!running)
		return;
	json_object_set_new(vcpu, "idle", json_boolean(idle));
	if (idle)
		json_object_set_new(vcpu, "runnable", json_integer(0));
	/* Names are those of the last tick; of a task that came later none is known. */
	if (json_integer_value(running) != json_integer_value(json_object_get(vcpu, "pid"))) {
		json_object_set_new(vcpu, "comm", json_null());
		json_object_set_new(vcpu, "address_space", json_null());
	}
}

json_t *symspy_json(const struct host *host, uint16_t domid, unsigned int vcpus)
{
	json_t *guest = read_place(host, domid, HC_EXTENSION_SYMSPY_GUEST), *list = json_array();
	bool published = json_is_object(guest);

	for (unsigned int i = 0; i < vcpus; i++) {
		json_t *vcpu = read_place(host, domid, i);

		if (json_is_object(vcpu)) {
			published = true;
			interpret_vcpu(vcpu);
			json_object_set_new(vcpu, "vcpu", json_integer(i));
		}
		json_array_append_new(list, vcpu);
	}
	return json_pack("{s:b, s:o, s:o}", "published", published, "guest", guest, "vcpus", list);
}
