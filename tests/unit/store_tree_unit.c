/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store's data: paths, permissions, and trees that share nodes with their snapshots. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "path.h"
#include "perms.h"
#include "tree.h"

static void test_canonical_paths(void **state)
{
	char path[PATH_SIZE], longest[HC_STORE_ABS_PATH_MAX + 2];

	(void)state;
	assert_int_equal(path_canonical("/", 5, path), 0);
	assert_string_equal(path, "/");
	assert_int_equal(path_canonical("/a/b-c_d@e", 5, path), 0);
	assert_int_equal(path_canonical("device/vbd", 5, path), 0);
	assert_string_equal(path, "/local/domain/5/device/vbd");
	assert_int_equal(path_canonical("@releaseDomain", 5, path), 0);
	assert_string_equal(path, "@releaseDomain");
	assert_int_equal(path_canonical("", 5, path), -EINVAL);
	assert_int_equal(path_canonical("/a/", 5, path), -EINVAL);
	assert_int_equal(path_canonical("/a//b", 5, path), -EINVAL);
	assert_int_equal(path_canonical("/a b", 5, path), -EINVAL);
	assert_int_equal(path_canonical("/a\xc3", 5, path), -EINVAL);
	assert_int_equal(path_canonical("@other", 5, path), -EINVAL);
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[HC_STORE_ABS_PATH_MAX] = '\0';
	assert_int_equal(path_canonical(longest, 5, path), 0);
	longest[HC_STORE_ABS_PATH_MAX] = 'a';
	longest[HC_STORE_ABS_PATH_MAX + 1] = '\0';
	assert_int_equal(path_canonical(longest, 5, path), -EINVAL);
	longest[0] = 'a';
	longest[HC_STORE_REL_PATH_MAX] = '\0';
	assert_int_equal(path_canonical(longest, 65535, path), 0);
	longest[HC_STORE_REL_PATH_MAX] = 'a';
	longest[HC_STORE_REL_PATH_MAX + 1] = '\0';
	assert_int_equal(path_canonical(longest, 5, path), -EINVAL);
}

static void test_path_relations(void **state)
{
	char parent[PATH_SIZE];

	(void)state;
	assert_true(path_is_within("/a/b", "/a"));
	assert_true(path_is_within("/a", "/a"));
	assert_true(path_is_within("/a", "/"));
	assert_false(path_is_within("/ab", "/a"));
	assert_false(path_is_within("/a", "/a/b"));
	assert_true(path_parent("/a/b", parent));
	assert_string_equal(parent, "/a");
	assert_true(path_parent("/a", parent));
	assert_string_equal(parent, "/");
	assert_false(path_parent("/", parent));
	assert_false(path_parent("@releaseDomain", parent));
}

static void test_permissions(void **state)
{
	const struct perm entries[] = { { 3, ACCESS_READ }, { 5, ACCESS_READ | ACCESS_WRITE } };
	const struct subject owner = { .domid = 3, .target = 3 }, friend = { .domid = 5, .target = 5 };
	const struct subject other = { .domid = 7, .target = 7 }, stub = { .domid = 7, .target = 3 };
	const struct subject dom0 = { .domid = 0, .target = 0, .privileged = true };
	struct perms *perms = perms_new(entries, 2), *child, *less;

	(void)state;
	assert_int_equal(perms_of(perms, &owner), ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER);
	assert_int_equal(perms_of(perms, &friend), ACCESS_READ | ACCESS_WRITE);
	assert_int_equal(perms_of(perms, &other), ACCESS_READ);
	assert_int_equal(perms_of(perms, &stub), ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER);
	assert_int_equal(perms_of(perms, &dom0), ACCESS_READ | ACCESS_WRITE | ACCESS_OWNER);
	child = perms_inherit(perms, &friend);
	assert_int_equal(perms_owner(child), 5);
	perms_put(child);
	child = perms_inherit(perms, &dom0);
	assert_ptr_equal(child, perms);
	perms_put(child);
	less = perms_without(perms, 5);
	assert_int_equal(less->count, 1);
	assert_int_equal(perms_of(less, &friend), ACCESS_READ);
	perms_put(less);
	perms_put(perms);
}

static void test_permission_texts(void **state)
{
	struct perm perm;
	char text[8];

	(void)state;
	assert_int_equal(perm_parse("b12", &perm), 0);
	assert_int_equal(perm.domid, 12);
	assert_int_equal(perm.access, ACCESS_READ | ACCESS_WRITE);
	assert_int_equal(perm_print(&perm, text, sizeof(text)), 4);
	assert_string_equal(text, "b12");
	assert_int_equal(perm_parse("", &perm), -EINVAL);
	assert_int_equal(perm_parse("r", &perm), -EINVAL);
	assert_int_equal(perm_parse("x1", &perm), -EINVAL);
	assert_int_equal(perm_parse("r-1", &perm), -EINVAL);
	assert_int_equal(perm_parse("r32752", &perm), -EINVAL);
	assert_int_equal(perm_parse("r1x", &perm), -EINVAL);
}

static void write_node(struct tree *tree, const char *path, const char *text)
{
	if (!tree_find(tree, path))
		assert_int_equal(tree_create(tree, path, tree->root->perms), 0);
	assert_int_equal(tree_set_value(tree, path, value_new(text, strlen(text))), 0);
}

static bool has_value(const struct tree *tree, const char *path, const char *text)
{
	const struct node *node = tree_find(tree, path);

	return node && node->value && node->value->len == strlen(text) &&
	       !memcmp(node->value->data, text, node->value->len);
}

static void test_snapshots_are_isolated(void **state)
{
	struct tree tree, snapshot;
	uint64_t generation = 0;

	(void)state;
	assert_int_equal(tree_init(&tree, &generation), 0);
	write_node(&tree, "/a/b", "1");
	write_node(&tree, "/a/c", "1");
	tree_snapshot(&snapshot, &tree);
	assert_ptr_equal(snapshot.root, tree.root);
	write_node(&tree, "/a/b", "2");
	assert_true(has_value(&snapshot, "/a/b", "1"));
	assert_true(has_value(&tree, "/a/b", "2"));
	/* What was not touched is still the same node. */
	assert_ptr_equal(tree_find(&tree, "/a/c"), tree_find(&snapshot, "/a/c"));
	write_node(&snapshot, "/a/d", "3");
	assert_null(tree_find(&tree, "/a/d"));
	assert_int_equal(tree_remove(&snapshot, "/a"), 0);
	assert_true(has_value(&tree, "/a/c", "1"));
	assert_null(tree_find(&snapshot, "/a/c"));
	tree_clear(&snapshot);
	assert_true(has_value(&tree, "/a/b", "2"));
	tree_clear(&tree);
}

static void test_changes_in_place_without_snapshot(void **state)
{
	uint64_t generation = 0;
	const struct node *before;
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, &generation), 0);
	write_node(&tree, "/a/b", "1");
	before = tree_find(&tree, "/a");
	write_node(&tree, "/a/b", "2");
	assert_ptr_equal(tree_find(&tree, "/a"), before);
	tree_clear(&tree);
}

static void test_generations(void **state)
{
	uint64_t generation = 0, value, kids;
	struct tree tree;

	(void)state;
	assert_int_equal(tree_init(&tree, &generation), 0);
	write_node(&tree, "/a/b", "1");
	value = tree_find(&tree, "/a")->generation;
	kids = tree_find(&tree, "/a")->kids_generation;
	write_node(&tree, "/a/b", "2");
	assert_int_equal(tree_find(&tree, "/a")->generation, value);
	assert_int_equal(tree_find(&tree, "/a")->kids_generation, kids);
	write_node(&tree, "/a/c", "2");
	assert_int_equal(tree_find(&tree, "/a")->generation, value);
	assert_int_not_equal(tree_find(&tree, "/a")->kids_generation, kids);
	tree_clear(&tree);
}

static void test_accounts(void **state)
{
	const struct perm mine = { 4, 0 };
	uint64_t generation = 0;
	struct tree tree, snapshot;
	struct perms *perms = perms_new(&mine, 1);

	(void)state;
	assert_int_equal(tree_init(&tree, &generation), 0);
	assert_int_equal(account_nodes(&tree.account, 0), 1);
	assert_int_equal(tree_create(&tree, "/x/y/z", perms), 0);
	assert_int_equal(account_nodes(&tree.account, 4), 3);
	tree_snapshot(&snapshot, &tree);
	assert_int_equal(tree_remove(&snapshot, "/x/y"), 0);
	assert_int_equal(account_nodes(&snapshot.account, 4), 1);
	assert_int_equal(account_nodes(&tree.account, 4), 3);
	assert_int_equal(tree_set_perms(&tree, "/x", perms_get(tree.root->perms)), 0);
	assert_int_equal(account_nodes(&tree.account, 4), 2);
	assert_int_equal(account_nodes(&tree.account, 0), 2);
	tree_clear(&snapshot);
	tree_clear(&tree);
	perms_put(perms);
}

static void test_many_children(void **state)
{
	uint64_t generation = 0;
	struct tree tree;
	char path[32];

	(void)state;
	assert_int_equal(tree_init(&tree, &generation), 0);
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/d/%u", i * 7919 % 5000);
		write_node(&tree, path, "v");
	}
	assert_int_equal(tree_find(&tree, "/d")->kid_count, 5000);
	for (unsigned int i = 0; i < 5000; i += 2) {
		snprintf(path, sizeof(path), "/d/%u", i);
		assert_int_equal(tree_remove(&tree, path), 0);
	}
	for (unsigned int i = 0; i < 5000; i++) {
		snprintf(path, sizeof(path), "/d/%u", i);
		assert_int_equal(tree_find(&tree, path) != NULL, i % 2);
	}
	tree_clear(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical_paths),
		cmocka_unit_test(test_path_relations),
		cmocka_unit_test(test_permissions),
		cmocka_unit_test(test_permission_texts),
		cmocka_unit_test(test_snapshots_are_isolated),
		cmocka_unit_test(test_changes_in_place_without_snapshot),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_many_children),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
