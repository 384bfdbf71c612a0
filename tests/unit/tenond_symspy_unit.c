/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What tenond makes of symspy's pages: of true ones, and of a guest's nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dom0-tools/tenond/symspy.h"
#include <hypercall/base.h>
#include <hypercall/symspy.h>

/* Alone in its allocation, so that the sanitizers see a read past its end. */
static char *page;
static struct hc_symspy_header *header;
static struct hc_symspy_field *field;

static int setup(void **state)
{
	(void)state;
	page = calloc(1, HC_PAGE_SIZE);
	header = (void *)page;
	field = (void *)(page + sizeof(*header));
	*header = (struct hc_symspy_header){ .magic = HC_SYMSPY_MAGIC, .version = HC_SYMSPY_VERSION,
					     .kind = HC_SYMSPY_KIND_VCPU, .table = sizeof(*header) };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(page);
	return 0;
}

static void add(uint16_t number, uint16_t offset, uint16_t size)
{
	field[header->fields++] = (struct hc_symspy_field){ .number = number, .offset = offset, .size = size };
}

static json_t *read_vcpu(void)
{
	return symspy_page_json(page, HC_SYMSPY_KIND_VCPU);
}

static void values(void **state)
{
	json_t *json;

	(void)state;
	add(HC_SYMSPY_PID, 512, 4);
	add(HC_SYMSPY_SWITCHES, 520, 8);
	add(HC_SYMSPY_COMM, 528, 16);
	add(9999, 600, 4);			/* of a later version */
	memcpy(page + 512, &(uint32_t){ 4711 }, 4);
	memcpy(page + 520, &(uint64_t){ 1ULL << 40 }, 8);
	strcpy(page + 528, "sh");
	json = read_vcpu();
	assert_non_null(json);
	assert_int_equal(json_object_size(json), 3);
	assert_int_equal(json_integer_value(json_object_get(json, "pid")), 4711);
	assert_int_equal(json_integer_value(json_object_get(json, "switches")), 1LL << 40);
	assert_string_equal(json_string_value(json_object_get(json, "comm")), "sh");
	json_decref(json);
}

static void other_pages(void **state)
{
	(void)state;
	add(HC_SYMSPY_PID, 512, 4);
	assert_null(symspy_page_json(page, HC_SYMSPY_KIND_GUEST));
	header->version++;
	assert_null(read_vcpu());
	header->version--;
	header->magic++;
	assert_null(read_vcpu());
}

static void table_out_of_page(void **state)
{
	json_t *json;

	(void)state;
	header->fields = 0xffff;
	assert_null(read_vcpu());
	header->fields = 1;
	header->table = 0xffff;
	assert_null(read_vcpu());
	header->table = HC_PAGE_SIZE - sizeof(*field) + 1;
	assert_null(read_vcpu());
	header->table = HC_PAGE_SIZE - sizeof(*field);
	json = read_vcpu();
	assert_non_null(json);
	json_decref(json);
}

static void value_out_of_page(void **state)
{
	json_t *json;

	(void)state;
	add(HC_SYMSPY_PID, HC_PAGE_SIZE - 3, 4);
	add(HC_SYMSPY_SWITCHES, 0xffff, 8);
	add(HC_SYMSPY_COMM, 100, 0xffff);
	add(HC_SYMSPY_RUNNABLE, HC_PAGE_SIZE - 4, 4);
	json = read_vcpu();
	assert_int_equal(json_object_size(json), 1);
	assert_non_null(json_object_get(json, "runnable"));
	json_decref(json);
}

/* Without an end, not printable, longer than names are; and a number that JSON's readers cannot hold. */
static void strange_values(void **state)
{
	json_t *json;

	(void)state;
	add(HC_SYMSPY_COMM, 1024, 1024);
	add(HC_SYMSPY_SWITCHES, 520, 8);
	memset(page + 1024, 'x', 1024);
	page[1024] = '\033';
	page[1025] = '\xff';
	memset(page + 520, 0xff, 8);
	json = read_vcpu();
	assert_int_equal(json_string_length(json_object_get(json, "comm")), 63);
	assert_memory_equal(json_string_value(json_object_get(json, "comm")), "??xx", 4);
	assert_int_equal(json_integer_value(json_object_get(json, "switches")), INT64_MAX);
	json_decref(json);
}

/* Whatever the guest writes: no read outside of the page, and only fields that exist. */
static void nonsense(void **state)
{
	unsigned int seed = 1, accepted = 0;

	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		json_t *json;

		for (unsigned int i = 8; i < HC_PAGE_SIZE; i++)
			page[i] = (char)rand_r(&seed);
		header->fields = (uint16_t)(rand_r(&seed) % 600);
		header->table = (uint16_t)(rand_r(&seed) % 5000);
		for (unsigned int i = 0; i < 200; i++)
			field[i].number = (uint16_t)(rand_r(&seed) % 50);
		json = read_vcpu();
		if (json) {
			accepted++;
			assert_true(json_object_size(json) <= 7);
		}
		json_decref(json);
	}
	assert_true(accepted > 1000);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(values), TEST(other_pages), TEST(table_out_of_page), TEST(value_out_of_page),
		TEST(strange_values), TEST(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
