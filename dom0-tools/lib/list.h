/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Doubly linked lists whose links lie inside the elements. */
#ifndef TENON_LIST_H
#define TENON_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* Both the head of a list and the link of an element. */
struct list {
	struct list *next;
	struct list *prev;
};

#define list_entry(link, type, member) ((type *)((char *)(link) - offsetof(type, member)))

#define list_for_each(pos, head) for ((pos) = (head)->next; (pos) != (head); (pos) = (pos)->next)

/* The element at pos may be removed in the body, others may not. */
#define list_for_each_safe(pos, following, head)					\
	for ((pos) = (head)->next, (following) = (pos)->next; (pos) != (head);		\
	     (pos) = (following), (following) = (pos)->next)

static inline void list_init(struct list *head)
{
	head->next = head->prev = head;
}

static inline bool list_is_empty(const struct list *head)
{
	return head->next == head;
}

/* Adds before the head, that is at the end. */
static inline void list_append(struct list *head, struct list *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* Takes an element out; it may be taken out again, and be appended elsewhere. */
static inline void list_remove(struct list *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* Makes a list of all that another held, which is empty afterwards. */
static inline void list_move_all(struct list *to, struct list *from)
{
	list_init(to);
	if (list_is_empty(from))
		return;
	*to = *from;
	to->next->prev = to->prev->next = to;
	list_init(from);
}

#endif
