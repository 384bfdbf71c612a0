/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Port I/O.  Whether the guest may use the instruction at all is its own
 * affair: its virtual IOPL, and for its user mode the bitmap its kernel gave.
 * What the port then does: the management domain reaches the machine, except
 * what the hypervisor drives itself; for everybody else, and for the excepted
 * ports, nothing is there (reads give all ones, writes vanish), as on a bus
 * without that device.
 */
#include "emulate/execute.h"
#include "emulate/machine.h"
#include "console/console.h"
#include "domain/domain.h"
#include "hypercall/hypercall.h"

#define PIT_COMMAND 0x43
#define PIT_SPEAKER_CHANNEL 2	/* bits 7-6 of a command: its channel */
#define PCI_CONFIG_FIRST 0xcf8
#define PCI_CONFIG_LAST 0xcff
#define SERIAL_PORTS 8
#define STRING_BATCH 256	/* items of one rep ins or outs before interrupts get their turn */

/* Interrupt controllers, their trigger modes, the timer's channels 0 and 1. */
static const struct {
	uint16_t first, last;
} owned_ports[] = { { 0x20, 0x21 }, { 0x40, 0x41 }, { 0xa0, 0xa1 }, { 0x4d0, 0x4d1 } };

static bool reaches_machine(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
	unsigned int last = port + bytes - 1;

	if (!v->domain->privileged || last > 0xffff)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(owned_ports); i++)
		if (port <= owned_ports[i].last && last >= owned_ports[i].first)
			return false;
	return !serial_port || port >= serial_port + SERIAL_PORTS || last < serial_port;
}

static bool is_pci_config(uint16_t port, unsigned int bytes)
{
	return port >= PCI_CONFIG_FIRST && port + bytes - 1 <= PCI_CONFIG_LAST;
}

static uint32_t port_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint32_t none = 0xffffffff >> (32 - 8 * bytes);

	if (!reaches_machine(v, port, bytes))
		return none;
	if (is_pci_config(port, bytes))
		return pci_guest_read(v, port, bytes) & none;
	return machine_port_read(port, bytes);
}

static void port_write(struct vcpu *v, uint16_t port, unsigned int bytes, uint32_t value)
{
	if (!reaches_machine(v, port, bytes))
		return;
	if (is_pci_config(port, bytes)) {
		pci_guest_write(v, port, bytes, value);
		return;
	}
	/* The speaker's channel is dom0's; a command for another would disturb ours. */
	if (port <= PIT_COMMAND && port + bytes > PIT_COMMAND &&
	    (bytes != 1 || value >> 6 != PIT_SPEAKER_CHANNEL))
		return;
	machine_port_write(port, bytes, value);
}

/* May the guest's present mode execute the instruction?  Else it gets its #GP. */
static bool permitted(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint64_t bitmap = v->emulate.io_bitmap;
	uint16_t bits, wanted = (uint16_t)(((1u << bytes) - 1) << (port & 7));

	/* The guest kernel stands for ring 1, its user mode for ring 3. */
	if (v->iopl >= (v->kernel_mode ? 1 : 3))
		return true;
	if (!bitmap || port + bytes > v->emulate.io_bitmap_ports)
		return false;
	/* The last byte of the bitmap may be the last of its page: read one where one is enough. */
	bits = 0;
	if (machine_copy_from_kernel(v, &bits, bitmap + port / 8, wanted > 0xff ? 2 : 1))
		return false;
	return !(bits & wanted);
}

static unsigned int port_size(const struct instruction *insn)
{
	return MIN(insn->size, 4);
}

enum step port_in_out(struct vcpu *v, struct regs *regs, const struct instruction *insn)
{
	uint16_t port = insn->has_immediate ? (uint8_t)insn->immediate : (uint16_t)regs->rdx;
	unsigned int size = port_size(insn);

	if (!permitted(v, port, size))
		return STEP_REFUSED;
	if (insn->operation == OP_IN)
		register_set(regs, REGISTER_RAX, size, true, port_read(v, port, size));
	else
		port_write(v, port, size, (uint32_t)regs->rax);
	return STEP_DONE;
}

/*
 * One item from the port to memory.  A device's register may change by being
 * read, so that the memory is proven writable first, by writing back what it holds.
 */
static bool in_item(struct vcpu *v, uint16_t port, unsigned int size, uint64_t va)
{
	uint32_t item = 0;

	if (copy_from_guest(&item, va, size) || copy_to_guest(va, &item, size))
		return false;
	item = port_read(v, port, size);
	return !copy_to_guest(va, &item, size);
}

static bool out_item(struct vcpu *v, uint16_t port, unsigned int size, uint64_t va)
{
	uint32_t item = 0;

	if (copy_from_guest(&item, va, size))
		return false;
	port_write(v, port, size, item);
	return true;
}

enum step port_string(struct vcpu *v, struct regs *regs, const struct instruction *insn)
{
	bool in = insn->operation == OP_INS;
	bool rep = insn->prefixes & (PREFIX_REP | PREFIX_REPNE);
	uint64_t *pointer = in ? &regs->rdi : &regs->rsi;
	uint16_t port = (uint16_t)regs->rdx;
	unsigned int size = port_size(insn);
	int64_t move = regs->rflags & RFLAGS_DF ? -(int64_t)size : size;

	if (insn->prefixes & (PREFIX_ADDRESS_SIZE | PREFIX_FS | PREFIX_GS) ||
	    !permitted(v, port, size))
		return STEP_REFUSED;
	if (rep && !regs->rcx)
		return STEP_DONE;
	for (unsigned int i = 0; i < STRING_BATCH; i++) {
		if (!(in ? in_item(v, port, size, *pointer) : out_item(v, port, size, *pointer))) {
			execute_inject_access_fault(v, regs, *pointer, in);
			return STEP_EXCEPTION;
		}
		*pointer += move;
		if (!rep || !--regs->rcx)
			return STEP_DONE;
	}
	return STEP_AGAIN;
}
