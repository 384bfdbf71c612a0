/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A queue of bytes in memory: put at the end, taken from the front. */
#ifndef TENON_QUEUE_H
#define TENON_QUEUE_H

#include <stddef.h>

/* All zero is an empty queue. */
struct queue {
	char *data;
	size_t head;		/* offset of the first byte held */
	size_t len;		/* bytes held */
	size_t capacity;
};

/* 0 or -ENOMEM, with the queue unchanged. */
int queue_put(struct queue *queue, const void *data, size_t len);

/* The bytes held, contiguous; valid until the queue is changed. */
static inline const char *queue_data(const struct queue *queue)
{
	return queue->data + queue->head;
}

/* Forgets the first len bytes, at most those held. */
void queue_drop(struct queue *queue, size_t len);

/* Frees everything; the queue is empty afterwards. */
void queue_clear(struct queue *queue);

#endif
