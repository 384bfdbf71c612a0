/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel of one's own on Tenon: what its files offer each other, in the order of the steps of
 * docs/porting.md. It has one vcpu, no user mode, and asks for nothing but a console and a disk.
 */
#ifndef PORTING_KERNEL_H
#define PORTING_KERNEL_H

#include <hypercall/base.h>
#include <hypercall/block.h>
#include <hypercall/event.h>
#include <hypercall/start.h>

#include "format.h"
#include "layout.h"
#include "types.h"

#define SECOND			1000000000UL	/* ns */
#define PATIENCE		(60 * SECOND)	/* With what must answer; hosts can be busy. */

/* Step 1: entry.S. */
extern struct hc_start_info *start_info;
extern char hypercall_page[];
void kernel_main(void);

/*
 * Step 2: a hypercall is a call of the slot of its number. Arguments in rdi, rsi, rdx, r10, r8; the
 * result in rax, below zero an errno of Linux; rcx and r11 are lost, as with any syscall.
 */
static inline long hypercall(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	register uint64_t r10 __asm__("r10") = a4;
	long result;

	__asm__ volatile("call *%[slot]"
			 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10)
			 : [slot] "r"(hypercall_page + number * HC_HYPERCALL_SLOT_SIZE)
			 : "rcx", "r11", "memory");
	return result;
}

/* Says why on the console, and ends the domain as one that crashed. */
void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The result of a call that has no reason to fail. */
static inline long must(const char *what, long result)
{
	if (result < 0)
		panic("%s: error %ld", what, result);
	return result;
}

/* Step 3: memory.c. */
#define ADDRESS(p)		((uint64_t)(p))

/* Makes room for map_frame(). */
void memory_init(void);
/* A page of the image, all zero. They are never given back. */
void *page_alloc(void);
/* From a page of the image, or another one that the builder has mapped, to its machine frame, and back. */
uint64_t frame_of(const void *page);
void *page_of(uint64_t frame);
/* Maps a frame that has no page of ours: the hypervisor's. */
void *map_frame(uint64_t frame);

/* Step 4: event.c. */
typedef void event_handler(void);

extern struct hc_shared_info *shared_info;
void event_init(void);
/* handler NULL: that the kernel wakes up is all that is wanted. */
void event_open(uint32_t port, event_handler *handler);
void event_send(uint32_t port);
/* Sleeps until done() or the deadline, in ns of system time; what done() says then. */
bool wait_until(bool (*done)(void), uint64_t deadline);

/* Step 5: time.c. */
void time_init(void);
/* ns since the host started. */
uint64_t system_time(void);
/* ns since 1970. */
uint64_t wall_clock(void);
/* The timer fires at this system time. There is one; setting it forgets what was set before. */
void timer_set(uint64_t deadline);
/* How often it has fired. */
uint32_t timer_count(void);

/* Step 6: console.c. */
#define TEXT			256	/* Bytes of a text with the final NUL. */

void console_init(void);
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* To a buffer of TEXT bytes. */
void format(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The decimal digits that a text begins with. */
uint64_t number_of(const char *text);

/* Step 7: grant.c. */
void grant_init(void);
/* Lets a domain read and write a page; the reference that it needs for that. */
uint32_t grant_page(uint16_t domain, const void *page);
/* Takes it back; the other domain must have unmapped it. */
void grant_end(uint32_t reference);

/* Step 8: store.c. Relative paths begin at /local/domain/OUR NUMBER. */
void store_init(void);
/* To a buffer of TEXT bytes; false: there is no such node, or it is not ours to read. */
bool store_read(const char *folder, const char *node, char *value);
/* The value as a number; panics when there is none. */
uint64_t store_number(const char *folder, const char *node);
void store_write(const char *folder, const char *node, const char *value);
void store_write_number(const char *folder, const char *node, uint64_t value);
/* Until folder/state is one of the states of a set of 1 << HC_XENBUS_STATE_*; the state. */
unsigned int store_wait_state(const char *folder, unsigned int states);

/* Step 9: block.c. */
struct disk {
	char front[TEXT], back[TEXT];	/* Folders in the store. */
	uint16_t backend;				/* The domain that serves it. */
	uint32_t port, ring_ref;
	struct hc_blkif_front_ring ring;
	uint64_t sectors;				/* Of 512 bytes. */
	bool readonly, can_flush;
};

/* name: xvda to xvdp. */
void disk_open(struct disk *disk, const char *name);
/* One sector, from or to the start of a page that page_alloc() gave. */
void disk_read(struct disk *disk, uint64_t sector, void *page);
void disk_write(struct disk *disk, uint64_t sector, void *page);
/* What was written is there after a power failure from now on. */
void disk_flush(struct disk *disk);
void disk_close(struct disk *disk);

#endif
