/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How many nodes each domain owns: see account.h. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"

static uint32_t row_position(const struct account *account, uint16_t domid, bool *found)
{
	uint32_t low = 0, high = account->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (account->rows[middle].domid < domid)
			low = middle + 1;
		else
			high = middle;
	}
	*found = low < account->count && account->rows[low].domid == domid;
	return low;
}

int32_t account_nodes(const struct account *account, uint16_t domid)
{
	int32_t nodes = 0;

	for (; account; account = account->base) {
		bool found;
		uint32_t at = row_position(account, domid, &found);

		if (found)
			nodes += account->rows[at].nodes;
	}
	return nodes;
}

int account_add(struct account *account, uint16_t domid, int32_t delta)
{
	bool found;
	uint32_t at = row_position(account, domid, &found);

	if (found) {
		account->rows[at].nodes += delta;
		return 0;
	}
	if (account->count == account->capacity) {
		uint32_t capacity = account->capacity ? account->capacity * 2 : 8;
		struct account_row *rows = realloc(account->rows, capacity * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		account->rows = rows;
		account->capacity = capacity;
	}
	memmove(account->rows + at + 1, account->rows + at,
		(account->count - at) * sizeof(*account->rows));
	account->rows[at] = (struct account_row){ .domid = domid, .nodes = delta };
	account->count++;
	return 0;
}

void account_clear(struct account *account)
{
	free(account->rows);
	account->rows = NULL;
	account->count = account->capacity = 0;
}
