/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The serial console and the message ring.  The ring keeps the last
 * CONSOLE_RING_SIZE bytes of the hypervisor's messages; positions are counted
 * from the first byte ever written.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include "lib/base.h"

#define CONSOLE_RING_SIZE 65536

struct hc_system_messages;

void serial_init(uint16_t port, uint32_t baud);	/* port 0: no serial console */
void serial_write(const char *text, size_t len);
int serial_read(void);				/* next received byte, or -1 */
extern uint16_t serial_port;
extern int serial_irq;				/* ISA interrupt of the port, -1: none */
void serial_enable_receive(void);
void serial_interrupt(void);			/* bytes for dom0: HC_VIRQ_CONSOLE */

void console_write(const char *text, size_t len);	/* serial, serialised by the console lock */
void console_bust_lock(void);			/* a panic goes through, whoever holds it */
long console_messages(struct hc_system_messages *op);
long hypercall_console_io(uint64_t cmd, uint64_t count, uint64_t buffer);

#endif
