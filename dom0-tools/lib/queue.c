/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue of bytes in memory: see queue.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "queue.h"

#define QUEUE_MIN 256

int queue_put(struct queue *queue, const void *data, size_t len)
{
	size_t need = queue->len + len;

	if (!len)
		return 0;
	if (queue->head + need > queue->capacity && need <= queue->capacity / 2) {
		memmove(queue->data, queue->data + queue->head, queue->len);
		queue->head = 0;
	}
	if (queue->head + need > queue->capacity) {
		size_t capacity = queue->capacity ? queue->capacity : QUEUE_MIN;
		char *bigger;

		while (capacity < need * 2)
			capacity *= 2;
		bigger = malloc(capacity);
		if (!bigger)
			return -ENOMEM;
		if (queue->len)
			memcpy(bigger, queue->data + queue->head, queue->len);
		free(queue->data);
		queue->data = bigger;
		queue->capacity = capacity;
		queue->head = 0;
	}
	memcpy(queue->data + queue->head + queue->len, data, len);
	queue->len += len;
	return 0;
}

void queue_drop(struct queue *queue, size_t len)
{
	if (len >= queue->len) {
		/* Idle queues hold no memory: most connections are idle. */
		queue_clear(queue);
		return;
	}
	queue->head += len;
	queue->len -= len;
}

void queue_clear(struct queue *queue)
{
	free(queue->data);
	memset(queue, 0, sizeof(*queue));
}
