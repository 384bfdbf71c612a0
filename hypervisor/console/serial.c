/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 16550 serial port: polled output, interrupt-driven input with a small buffer. */
#include <hypercall/event.h>
#include "console/console.h"
#include "cpu/x86.h"
#include "event/event.h"

#define UART_DATA 0
#define UART_IER 1
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define LSR_DATA_READY 0x01
#define LSR_THR_EMPTY 0x20
#define UART_CLOCK 115200
#define UART_FIFO 16

uint16_t serial_port;
int serial_irq = -1;

static char input[256];
static uint32_t input_head, input_tail;

void serial_init(uint16_t port, uint32_t baud)
{
	uint16_t divisor = (uint16_t)(UART_CLOCK / baud);

	serial_port = port;
	if (!port)
		return;
	serial_irq = port == 0x2f8 || port == 0x2e8 ? 3 : 4;
	outb(port + UART_IER, 0);
	outb(port + UART_LCR, 0x80);
	outb(port + UART_DATA, (uint8_t)divisor);
	outb(port + UART_IER, (uint8_t)(divisor >> 8));
	outb(port + UART_LCR, 0x03);
	outb(port + UART_FCR, 0x07);
	outb(port + UART_MCR, 0x0b);
}

void serial_enable_receive(void)
{
	if (serial_port)
		outb(serial_port + UART_IER, 1);
}

static void wait_room(void)
{
	/* A port that is not there reads all ones, so this ends; a stuck one must not hang us. */
	for (unsigned int i = 0; i < 100000; i++)
		if (inb(serial_port + UART_LSR) & LSR_THR_EMPTY)
			return;
}

void serial_write(const char *text, size_t len)
{
	unsigned int room = 0;

	if (!serial_port)
		return;
	for (size_t i = 0; i < len; i++) {
		if (room < 2) {
			wait_room();
			room = UART_FIFO;
		}
		if (text[i] == '\n') {
			outb(serial_port + UART_DATA, '\r');
			room--;
		}
		outb(serial_port + UART_DATA, (uint8_t)text[i]);
		room--;
	}
}

void serial_interrupt(void)
{
	bool got = false;

	while (serial_port && (inb(serial_port + UART_LSR) & LSR_DATA_READY)) {
		char c = (char)inb(serial_port + UART_DATA);

		if (input_head - input_tail < sizeof(input)) {
			input[input_head % sizeof(input)] = c;
			__atomic_store_n(&input_head, input_head + 1, __ATOMIC_RELEASE);
		}
		got = true;
	}
	if (got)
		event_send_global_virq(HC_VIRQ_CONSOLE);
}

int serial_read(void)
{
	int c;

	if (__atomic_load_n(&input_head, __ATOMIC_ACQUIRE) == input_tail)
		return -1;
	c = (unsigned char)input[input_tail % sizeof(input)];
	input_tail++;
	return c;
}
