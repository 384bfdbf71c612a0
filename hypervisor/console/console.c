/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages: level filter, rate limit for what guests provoke, ring, serial; console_io. */
#include <hypercall/console.h>
#include <hypercall/control.h>
#include "boot/options.h"
#include "console/console.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "lib/string.h"
#include "time/time.h"

static spinlock_t console_lock = SPINLOCK_INIT;	/* protects the ring and the serial port's order */
static char ring[CONSOLE_RING_SIZE];
static uint64_t ring_end, ring_start;
static bool lock_busted;

static void lock(void)
{
	if (!lock_busted)
		spin_lock(&console_lock);
}

static void unlock(void)
{
	if (!lock_busted)
		spin_unlock(&console_lock);
}

void console_bust_lock(void)
{
	lock_busted = true;
}

static void ring_append(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ring[(ring_end + i) % CONSOLE_RING_SIZE] = text[i];
	ring_end += len;
	if (ring_end - ring_start > CONSOLE_RING_SIZE)
		ring_start = ring_end - CONSOLE_RING_SIZE;
}

void console_write(const char *text, size_t len)
{
	lock();
	serial_write(text, len);
	unlock();
}

static void log_va(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const mark[] = { "error: ", "warning: ", "", "" };
	uint64_t now = tsc_khz ? time_now() / 1000 : 0;
	char line[256];
	size_t n;

	n = format_string(line, sizeof(line), "(tenon) [%5lu.%06lu] %s", now / 1000000, now % 1000000,
			  mark[level]);
	n += format_string_va(line + n, sizeof(line) - n - 1, fmt, ap);
	n = MIN(n, sizeof(line) - 2);
	line[n++] = '\n';
	lock();
	ring_append(line, n);
	if (level <= option_log_level)
		serial_write(line, n);
	unlock();
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_va(level, fmt, ap);
	va_end(ap);
}

void log_guest(enum log_level level, const char *fmt, ...)
{
	static uint64_t last;
	static uint32_t tokens = 10, dropped;
	uint64_t seconds = time_now() / 1000000000;
	uint32_t lost;
	va_list ap;

	lock();
	if (seconds > last) {
		tokens = (uint32_t)MIN((uint64_t)10, tokens + (seconds - last));
		last = seconds;
	}
	if (!tokens) {
		dropped++;
		unlock();
		return;
	}
	tokens--;
	lost = dropped;
	dropped = 0;
	unlock();
	if (lost)
		log_printf(LOG_WARNING, "%u messages about guests left out", lost);
	va_start(ap, fmt);
	log_va(level, fmt, ap);
	va_end(ap);
}

long console_messages(struct hc_system_messages *op)
{
	char chunk[256];
	uint64_t pos;

	lock();
	if (op->from < ring_start)
		op->from = ring_start;
	unlock();
	pos = op->from;
	op->count = 0;
	while (op->count < op->capacity) {
		size_t n = 0;

		lock();
		while (n < sizeof(chunk) && pos + n < ring_end && op->count + n < op->capacity) {
			chunk[n] = ring[(pos + n) % CONSOLE_RING_SIZE];
			n++;
		}
		unlock();
		if (!n)
			break;
		if (copy_to_guest(op->buffer + op->count, chunk, n))
			return -EFAULT;
		op->count += n;
		pos += n;
	}
	if (op->flags & HC_MESSAGES_CLEAR) {
		lock();
		ring_start = MAX(ring_start, MIN(pos, ring_end));
		unlock();
	}
	return 0;
}

static long console_io_write(uint64_t count, uint64_t buffer)
{
	struct domain *d = current->domain;
	uint64_t done = 0;
	char chunk[128];

	if (!d->privileged && !option_guest_console)
		return -EPERM;
	while (done < count) {
		size_t n = MIN(count - done, sizeof(chunk));

		if (copy_from_guest(chunk, buffer + done, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++)
			if (!chunk[i] || (unsigned char)chunk[i] == 0x7f)
				chunk[i] = '?';
		console_write(chunk, n);
		done += n;
		if (done < count && hypercall_preempt_check())
			return hypercall_continue(HC_NR_CONSOLE_IO, 3, (uint64_t)HC_CONSOLEIO_WRITE,
						  count - done, buffer + done);
	}
	return 0;
}

static long console_io_read(uint64_t count, uint64_t buffer)
{
	uint64_t n = 0;

	if (current->domain != dom0)
		return -EPERM;
	while (n < count) {
		int c = serial_read();
		char byte = (char)c;

		if (c < 0)
			break;
		if (copy_to_guest(buffer + n, &byte, 1))
			return -EFAULT;
		n++;
	}
	return (long)n;
}

long hypercall_console_io(uint64_t cmd, uint64_t count, uint64_t buffer)
{
	switch ((uint32_t)cmd) {
	case HC_CONSOLEIO_WRITE:
		return console_io_write((uint32_t)count, buffer);
	case HC_CONSOLEIO_READ:
		return console_io_read((uint32_t)count, buffer);
	default:
		return -ENOSYS;
	}
}
