/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The other processors: starting them, asking them to flush or to call.  One
 * request of each kind is under way at a time; whoever waits, for a lock or for
 * an answer, serves its own mailbox meanwhile.
 */
#include "boot/acpi.h"
#include "boot/options.h"
#include "cpu/cpu.h"
#include "lib/bitmap.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "interrupt/interrupt.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/memory.h"
#include "memory/split.h"
#include "time/time.h"

#define TRAMPOLINE_PAGE 8	/* 0x8000: BIOS memory map leaves it free */
#define START_TIMEOUT_MS 1000

unsigned int cpu_count = 1;
cpumask_t cpu_online_mask = 1;

void smp_cpu_start(void) __noreturn;

extern char trampoline_start[], trampoline_end[];
extern uint64_t smp_starting_stack;

struct request {
	spinlock_t lock;		/* held by the asking processor until all have answered */
	cpumask_t waiting;		/* those that have not */
	uint64_t va;
	void (*function)(void *);
	void *arg;
};
static struct request flush_request, call_request;

static void answered(struct request *r)
{
	__atomic_fetch_and(&r->waiting, ~(1ULL << this_cpu()->id), __ATOMIC_RELEASE);
}

void smp_serve_mailbox(void)
{
	struct cpu *c = this_cpu();
	uint32_t mail;

	if (!__atomic_load_n(&c->mailbox, __ATOMIC_ACQUIRE))
		return;
	mail = __atomic_exchange_n(&c->mailbox, 0, __ATOMIC_ACQ_REL);
	if (mail & MAIL_FLUSH) {
		bool left = context_leave_idle();

		if (flush_request.va != ~0ULL)
			invlpg(flush_request.va);
		else if (!left)
			tlb_flush_local();
		answered(&flush_request);
	}
	if (mail & MAIL_CALL) {
		call_request.function(call_request.arg);
		answered(&call_request);
	}
}

void cpu_relax_serving(void)
{
	cpu_pause();
	smp_serve_mailbox();
}

void smp_mail_interrupt(void)
{
	smp_serve_mailbox();
}

static void ask(struct request *r, cpumask_t others, uint32_t mail)
{
	unsigned int cpu;

	__atomic_store_n(&r->waiting, others, __ATOMIC_RELEASE);
	for_each_cpu(cpu, others)
		__atomic_fetch_or(&cpu_of(cpu)->mailbox, mail, __ATOMIC_RELEASE);
	lapic_send_ipi(others, VECTOR_MAIL);
}

static void wait_answers(struct request *r)
{
	while (__atomic_load_n(&r->waiting, __ATOMIC_ACQUIRE))
		cpu_relax_serving();
}

void smp_call(cpumask_t mask, void (*fn)(void *), void *arg)
{
	cpumask_t self = 1ULL << this_cpu()->id, others = mask & cpu_online_mask & ~self;

	if (others) {
		spin_lock(&call_request.lock);
		call_request.function = fn;
		call_request.arg = arg;
		ask(&call_request, others, MAIL_CALL);
	}
	if (mask & self)
		fn(arg);
	if (others) {
		wait_answers(&call_request);
		spin_unlock(&call_request.lock);
	}
}

void smp_flush(cpumask_t mask, uint64_t va)
{
	cpumask_t self = 1ULL << this_cpu()->id, others = mask & cpu_online_mask & ~self;

	if (others) {
		spin_lock(&flush_request.lock);
		flush_request.va = va;
		ask(&flush_request, others, MAIL_FLUSH);
	}
	if (mask & self) {
		if (va == ~0ULL)
			tlb_flush_local();
		else
			invlpg(va);
	}
	if (others) {
		wait_answers(&flush_request);
		spin_unlock(&flush_request.lock);
	}
}

static void stop(void *arg)
{
	(void)arg;
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Nothing else of the mailbox is for an NMI: it comes in the middle of what serving would disturb. */
void smp_stop_if_asked(void)
{
	if (__atomic_load_n(&this_cpu()->mailbox, __ATOMIC_ACQUIRE) & MAIL_CALL && call_request.function == stop)
		stop(NULL);
}

/* They may be stuck, so nobody waits for an answer. */
void smp_stop_others(void)
{
	cpumask_t others = cpu_online_mask & ~(1ULL << this_cpu()->id);
	unsigned int cpu;

	if (!others)
		return;
	call_request.function = stop;
	for_each_cpu(cpu, others)
		__atomic_fetch_or(&cpu_of(cpu)->mailbox, MAIL_CALL, __ATOMIC_RELEASE);
	lapic_send_nmi(others);
	delay_us(1000);
}

/* First C on another processor; its stack is in its own block already. */
void smp_cpu_start(void)
{
	struct cpu *c = this_cpu();

	features_cpu_init();
	descriptors_cpu_init(c);
	fpu_cpu_init();
	lapic_cpu_init();
	time_cpu_init();
	write_cr3(hyp_cr3());
	__atomic_fetch_or(&cpu_online_mask, 1ULL << c->id, __ATOMIC_SEQ_CST);
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	resume_idle();
}

static int map_block(unsigned int id)
{
	for (unsigned int page = 0; page < PERCPU_SIZE / PAGE_SIZE; page++) {
		void *frame;

		if (!(PERCPU_PAGE_MASK >> page & 1))
			continue;
		frame = page_alloc();
		if (!frame || hyp_map((uint64_t)cpu_of(id) + page * PAGE_SIZE, virt_to_mfn(frame), 1,
				      page == PERCPU_STUB_PAGE ? MAP_WRITE | MAP_EXEC : MAP_WRITE))
			return -ENOMEM;
	}
	return 0;
}

int smp_expose_block(struct cpu *c)
{
	for (unsigned int page = 0; page < PERCPU_SIZE / PAGE_SIZE; page++)
		if (PERCPU_ENTRY_MASK >> page & 1 &&
		    split_expose((char *)c + page * PAGE_SIZE, PAGE_SIZE))
			return -ENOMEM;
	return 0;
}

static bool start_cpu(unsigned int id, const struct acpi_cpu *info)
{
	struct cpu *c = cpu_of(id);

	if (map_block(id) || smp_expose_block(c)) {
		log_err("processor %u: no memory for its block", id);
		return false;
	}
	c->id = id;
	c->apic_id = info->apic_id;
	c->acpi_id = info->acpi_id;
	sched_cpu_init(id);
	cpu_set_running(c, c->idle);
	smp_starting_stack = (uint64_t)c + PERCPU_STACK_TOP - 256;
	barrier();
	lapic_start_cpu(info->apic_id, TRAMPOLINE_PAGE);
	for (unsigned int ms = 0; ms < START_TIMEOUT_MS; ms++) {
		if (__atomic_load_n(&c->online, __ATOMIC_ACQUIRE))
			return true;
		delay_us(1000);
	}
	log_err("processor %u (APIC %u) did not start", id, info->apic_id);
	return false;
}

void smp_boot_cpus(void)
{
	unsigned int limit = MIN(option_max_cpus, (uint32_t)NR_CPUS);

	memcpy(maddr_to_virt(TRAMPOLINE_PAGE * PAGE_SIZE), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (unsigned int i = 0; i < acpi.cpu_count; i++) {
		if (acpi.cpus[i].apic_id == this_cpu()->apic_id) {
			this_cpu()->acpi_id = acpi.cpus[i].acpi_id;
			continue;
		}
		if (cpu_count >= limit) {
			log_info("processor with APIC %u not used (maxcpus)", acpi.cpus[i].apic_id);
			continue;
		}
		if (!start_cpu(cpu_count, &acpi.cpus[i]))
			break;
		cpu_count++;
	}
	log_info("%u processor%s", cpu_count, cpu_count == 1 ? "" : "s");
}
