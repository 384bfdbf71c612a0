/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end: state to the log, other processors stopped, reset or halt. */
#include "boot/acpi.h"
#include "boot/options.h"
#include "console/console.h"
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "lib/log.h"

/*
 * The build links twice: first with an empty table, then with that of the first
 * image, sorted by offset from the image's start, names one after the other.
 */
struct symbol {
	uint32_t offset;
	uint32_t name;
};
extern const struct symbol symbol_table[];
extern const uint32_t symbol_count;
extern const char symbol_names[];
extern const char image_start[], image_text_end[];

const char *symbol_find(uint64_t address, uint64_t *offset)
{
	uint32_t low = 0, high, want;

	if (address < (uint64_t)image_start || address >= (uint64_t)image_text_end)
		return NULL;
	want = (uint32_t)(address - (uint64_t)image_start);
	high = symbol_count;
	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (symbol_table[middle].offset <= want)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*offset = want - symbol_table[low - 1].offset;
	return symbol_names + symbol_table[low - 1].name;
}

static void trace_line(uint64_t rip)
{
	uint64_t offset;
	const char *name = symbol_find(rip, &offset);

	if (name)
		log_err("  %lx %s+%lx", rip, name, offset);
}

/* No frame pointers: every word on the stack that points into the text is shown. */
void trace_stack(uint64_t rsp, uint64_t rip)
{
	uint64_t end = ALIGN_DOWN(rsp, (uint64_t)PERCPU_SIZE) + PERCPU_SIZE;
	unsigned int shown = 0;

	if (rsp < PERCPU_VIRT || rsp >= PERCPU_VIRT + NR_CPUS * PERCPU_SIZE)
		return;
	log_err("trace:");
	trace_line(rip);
	for (uint64_t sp = ALIGN_UP(rsp, 8UL); sp < end && shown < 24; sp += 8) {
		uint64_t word = *(uint64_t *)sp, offset;

		if (symbol_find(word, &offset) && offset) {
			trace_line(word);
			shown++;
		}
		if (!((sp + 8) & 4095) && !(PERCPU_PAGE_MASK >> (((sp + 8) & (PERCPU_SIZE - 1)) >> 12) & 1))
			break;
	}
}

void dump_regs(const struct regs *r)
{
	log_err("rip %04x:%016lx  rflags %lx  vector %u  error code %x  processor %u", r->cs, r->rip,
		r->rflags, r->vector, r->error_code, this_cpu()->id);
	log_err("rsp %04x:%016lx  rbp %016lx", r->ss, r->rsp, r->rbp);
	log_err("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
	log_err("rsi %016lx  rdi %016lx  r8  %016lx  r9  %016lx", r->rsi, r->rdi, r->r8, r->r9);
	log_err("r10 %016lx  r11 %016lx  r12 %016lx  r13 %016lx", r->r10, r->r11, r->r12, r->r13);
	log_err("r14 %016lx  r15 %016lx  cr2 %016lx  cr3 %016lx", r->r14, r->r15, read_cr2(),
		read_cr3());
}

void panic(const char *fmt, ...)
{
	static uint32_t panicking;
	char text[200];
	va_list ap;

	__asm__ volatile("cli");
	if (__atomic_exchange_n(&panicking, 1, __ATOMIC_SEQ_CST))
		for (;;)
			__asm__ volatile("hlt");
	console_bust_lock();
	smp_stop_others();
	va_start(ap, fmt);
	format_string_va(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_err("panic on processor %u: %s", this_cpu()->id, text);
	if (current && current->domain)
		log_err("running: domain %u (%s) vcpu %u", current->domain->id, current->domain->name,
			current->id);
	trace_stack((uint64_t)__builtin_frame_address(0), (uint64_t)__builtin_return_address(0));
	if (option_reboot)
		machine_reset();
	log_err("halted");
	for (;;)
		__asm__ volatile("cli; hlt");
}
